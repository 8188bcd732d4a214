"""Tests `compt kernel` with the packages that Jupyter itself uses: jupyter_client and jupyter_kernel_test.

    python scripts/check_kernel.py --compt target/release/compt [NAME ...]

The tests run it. Packages: jupyter_client 8.10.0, jupyter_kernel_test 0.7.0. A kernel is installed into a temporary folder, and
each test talks to a process of its own or, in `Protocol`, to one for all.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from queue import Empty

import jupyter_kernel_test
import zmq
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

# Longer than anything here takes on a machine that does other work: a test that fails by it has met a hang.
PATIENCE = 120
FOLDER = tempfile.TemporaryDirectory()
OPTIONS = argparse.Namespace()

TRAINER = """
t = compt.trainer {
  backbone = compt.backbone "micro", steps = 100000, batch_size = 2,
  tasks = compt.tasks("micro", { shots = 4, seed = 1, tasks = { "nli3" }, max_test = 4 }),
  method = compt.methods.pt { length = 2, encoder = "none", alone = false }, %s
}
"""


def install():
    """Installs the kernel and makes it the only one that is found."""
    prefix = Path(FOLDER.name) / "prefix"
    prefix.mkdir()
    subprocess.run([OPTIONS.compt, "kernel", "install", "--prefix", prefix], check=True, stdout=subprocess.DEVNULL)
    os.environ["JUPYTER_PATH"] = str(prefix / "share/jupyter")
    os.environ["JUPYTER_RUNTIME_DIR"] = str(Path(FOLDER.name) / "runtime")
    os.environ["COMPT_HISTORY"] = str(Path(FOLDER.name) / "history")
    os.environ["IPYTHONDIR"] = FOLDER.name


class Protocol(jupyter_kernel_test.KernelTests):
    """The tests of jupyter_kernel_test."""

    kernel_name = "compt"
    language_name = "lua"
    file_extension = ".lua"
    code_hello_world = "print 'hello, world'"
    code_stderr = "io.stderr:write 'oops'"
    completion_samples = [
        {"text": "torch.softma", "matches": {"softmax"}},
        {"text": "compt.trainer { backbo", "matches": {"backbone = "}},
        {"text": ":tim", "matches": {":time", ":timeit"}},
    ]
    complete_code_samples = ["x = 1", "1 + 1", "x = 1\nx", "?compt.trainer", ":vars", "print 'é'", "", "-- only a comment"]
    incomplete_code_samples = ["for i = 1, 2 do", "f(", "x = [[", "function f()\n  return 1"]
    invalid_code_samples = ["x = = 1", "end", "x = 'open", "1 +* 2"]
    code_generate_error = "error 'wrong'"
    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": "x = 6\nx * 8", "result": "48"},
        {"code": "local y = 6\ny * 9", "result": "54"},
        {"code": "torch.ones(2, 2)", "mime": "text/html"},
        {"code": "'tab\\t' .. 'é'", "result": '"tab\\té"'},
    ]
    code_display_data = [
        {"code": "display(compt.figures.plot { 1, 2, 3 })", "mime": "image/svg+xml"},
        {"code": "display(compt.figures.plot { 1, 2, 3 }, 'png')", "mime": "image/png"},
        {"code": "display 'text'", "mime": "text/plain"},
    ]
    code_history_pattern = "6 *?7"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "compt.trainer"


class Kernel(unittest.TestCase):
    """A kernel of its own for each test, in a folder of its own."""

    transport = "tcp"

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.start()

    def start(self):
        options = {}
        if self.transport == "ipc":
            options = {"transport": "ipc", "ip": str(self.folder / "socket")}
        self.manager = KernelManager(kernel_name="compt", **options)
        self.manager.start_kernel(cwd=str(self.folder))
        self.addCleanup(self.manager.shutdown_kernel, now=True)
        self.client = self.manager.client()
        self.client.start_channels()
        self.addCleanup(self.client.stop_channels)
        self.client.wait_for_ready(timeout=PATIENCE)

    def message(self):
        return self.client.get_iopub_msg(timeout=PATIENCE)

    def until(self, wanted):
        """The messages up to the first that is wanted."""
        messages = []
        while not messages or not wanted(messages[-1]):
            messages.append(self.message())
        return messages

    def until_idle(self, request):
        def is_end(m):
            idle = m["msg_type"] == "status" and m["content"]["execution_state"] == "idle"
            return idle and m["parent_header"].get("msg_id") == request

        return self.until(is_end)

    def reply(self, request, channel="shell"):
        get = self.client.get_shell_msg if channel == "shell" else self.client.get_control_msg
        while True:
            reply = get(timeout=PATIENCE)
            if reply["parent_header"].get("msg_id") == request:
                return reply

    def run_cell(self, code, **options):
        """The reply to a cell, and its outputs."""
        request = self.client.execute(code, **options)
        messages = self.until_idle(request)
        outputs = [m for m in messages if m["msg_type"] not in ("status", "execute_input")]
        for m in outputs:
            self.assertEqual(m["parent_header"]["msg_id"], request, m)
        return self.reply(request)["content"], outputs

    def value(self, code):
        reply, outputs = self.run_cell(code)
        self.assertEqual(reply["status"], "ok", reply)
        return outputs[-1]["content"]["data"]["text/plain"]

    def text(self, outputs, name="stdout"):
        streams = [m["content"] for m in outputs if m["msg_type"] == "stream"]
        return "".join(m["text"] for m in streams if m["name"] == name)

    def send(self, kind, content, channel="shell"):
        message = self.client.session.msg(kind, content)
        (self.client.shell_channel if channel == "shell" else self.client.control_channel).send(message)
        return message["header"]["msg_id"]

    def start_training(self, options=""):
        """Begins a run, and returns when it is known to make steps."""
        reply, outputs = self.run_cell(TRAINER % options)
        self.assertEqual(reply["status"], "ok", (reply, outputs))
        request = self.client.execute("t:run()")
        self.until(lambda m: m["msg_type"] == "display_data")
        return request

    def ended(self):
        """Waits for the end of the process, and returns its exit code."""
        return self.manager.provisioner.process.wait(timeout=PATIENCE)

    def compt(self, *words):
        return subprocess.run([OPTIONS.compt, *words], cwd=self.folder, capture_output=True, text=True)


class Execution(Kernel):
    def test_outputs_come_while_the_cell_runs(self):
        seen = self.folder / "seen"
        wait = "repeat local file = io.open 'seen' until file"
        request = self.client.execute(f"io.write 'one'\n{wait}\nprint ' two'\nio.stderr:write 'three'")
        self.until(lambda m: m["msg_type"] == "stream" and m["content"]["text"] == "one")
        seen.write_text("")
        rest = self.until_idle(request)
        self.assertEqual(self.text(rest), " two\n")
        self.assertEqual(self.text(rest, "stderr"), "three")

    def test_outputs_keep_their_order(self):
        _, outputs = self.run_cell("print 'a'\ndisplay(1)\nprint 'b'\nos.execute 'echo c'\n2")
        kinds = [m["msg_type"] for m in outputs]
        self.assertEqual(kinds, ["stream", "display_data", "stream", "execute_result"], outputs)
        self.assertEqual(self.text(outputs[2:]), "b\nc\n")

    def test_much_output_is_complete(self):
        _, outputs = self.run_cell("for i = 1, 20000 do io.write(('é'):rep(20), '\\n') end")
        self.assertEqual(self.text(outputs), ("é" * 20 + "\n") * 20000)

    def test_an_error_shows_its_line(self):
        reply, outputs = self.run_cell("local x = {}\nlocal y = x.z.z")
        self.assertEqual((reply["status"], reply["ename"]), ("error", "Error"))
        self.assertIn("input:1:2: attempt to index a nil value (field 'z')", reply["evalue"])
        self.assertIn("     2 | local y = x.z.z", reply["traceback"])
        self.assertEqual(outputs[0]["content"], {k: reply[k] for k in ("ename", "evalue", "traceback")})
        reply, _ = self.run_cell("compt.trainer { bakbone = 1 }")
        self.assertIn("backbone", " ".join(reply["traceback"]))
        reply, _ = self.run_cell("x = = 1")
        self.assertEqual((reply["status"], reply["execution_count"]), ("error", 3))

    def test_silent_cells_leave_no_trace(self):
        before, _ = self.run_cell("1")
        request = self.client.execute("print 'x' y = 5 error 'z'", silent=True)
        messages = self.until_idle(request)
        self.assertEqual({m["msg_type"] for m in messages}, {"status"}, messages)
        self.assertEqual(self.reply(request)["content"]["execution_count"], before["execution_count"])
        reply, outputs = self.run_cell("y", store_history=False)
        self.assertEqual(outputs[0]["content"]["data"]["text/plain"], "5")
        self.assertEqual(reply["execution_count"], before["execution_count"])
        self.client.history(hist_access_type="range", session=0, start=1, stop=9, raw=True, output=False)
        history = self.client.get_shell_msg(timeout=PATIENCE)["content"]["history"]
        self.assertEqual([line[2] for line in history], ["1"])

    def test_user_expressions_are_evaluated_after_the_cell(self):
        reply, _ = self.run_cell("n = 3", user_expressions={"a": "n + 1", "b": "n.x.y", "c": "n = 2"})
        found = reply["user_expressions"]
        self.assertEqual(found["a"]["data"]["text/plain"], "4")
        self.assertEqual((found["b"]["status"], found["c"]["status"]), ("error", "error"))
        self.assertIn("index a number value", found["b"]["evalue"])

    def test_cells_after_an_error_are_aborted(self):
        wait = "repeat local file = io.open 'go' until file\nerror 'first'"
        first = self.client.execute(wait)
        others = [self.client.execute("print 'second'"), self.client.execute("print 'third'")]
        # Time for the other cells to arrive; without it they would be executed, and the test would fail.
        time.sleep(1)
        (self.folder / "go").write_text("")
        self.assertEqual(self.reply(first)["content"]["status"], "error")
        for request in others:
            self.assertEqual(self.reply(request)["content"]["status"], "aborted")
        first = self.client.execute("error 'first'", stop_on_error=False)
        second = self.client.execute("7")
        self.assertEqual(self.reply(first)["content"]["status"], "error")
        self.assertEqual(self.reply(second)["content"]["status"], "ok")

    def test_input_is_refused_with_a_reason(self):
        for allow in (True, False):
            for code in ("io.read()", "io.stdin:read 'a'", "for l in io.lines() do end"):
                reply, _ = self.run_cell(code, allow_stdin=allow)
                self.assertEqual(reply["status"], "error", code)
                self.assertIn("a notebook has no input to read", reply["evalue"], code)
        reply, _ = self.run_cell("os.exit(0)")
        self.assertIn("the menu of the notebook", reply["evalue"])
        (self.folder / "file").write_text("line\n")
        self.assertEqual(self.value("io.open('file'):read 'a'"), "line\n")
        self.assertEqual(self.value("for l in io.lines 'file' do x = l end\nx"), '"line"')

    def test_the_last_statement_of_a_loop_is_no_result(self):
        _, outputs = self.run_cell("for i = 1, 3 do\n  print(i)\nend")
        self.assertEqual(self.text(outputs), "1\n2\n3\n")

    def test_commands_and_questions_work_as_at_the_prompt(self):
        self.run_cell("x = 5")
        _, outputs = self.run_cell(":vars")
        self.assertIn("x  5", outputs[0]["content"]["data"]["text/plain"])
        _, outputs = self.run_cell("?torch.softmax")
        self.assertIn("torch.softmax(", self.text(outputs))
        reply, _ = self.run_cell(":tme")
        self.assertIn("did you mean :time?", reply["evalue"])
        reply, _ = self.run_cell(":quit")
        self.assertEqual((reply["status"], self.value("x")), ("error", "5"))
        self.run_cell(":save session.lua")
        self.assertIn("x = 5", (self.folder / "session.lua").read_text())

    def test_values_have_their_forms(self):
        def data(code):
            return self.run_cell(code)[1][-1]["content"]["data"]

        self.run_cell(TRAINER % "progress = false")
        for code in ("t", "t.bank", "t:evaluate('test', { limit = 2 })", "t:parameters()", "torch.ones(3, 9, 9)"):
            found = data(code)
            self.assertEqual(set(found), {"text/plain", "text/html"}, code)
            self.assertIn("<table>", found["text/html"], code)
        self.assertEqual(set(data("torch.ones(3)")), {"text/plain"})
        mine = "setmetatable({}, { __tostring = function() return 'me' end, __mime = function() return { ['text/markdown'] = '*me*' } end })"
        self.assertEqual(data(mine), {"text/plain": "me", "text/markdown": "*me*"})
        reply, _ = self.run_cell("display(torch.ones(2, 2), 'png')")
        self.assertIn("it has text, html", reply["evalue"])
        reply, _ = self.run_cell("display(1, 'htlm')")
        self.assertIn("unknown form 'htlm'", reply["evalue"])


class Asking(Kernel):
    def test_positions_count_code_points(self):
        code = "s = 'äöü😀' torch.softma"
        reply = self.reply(self.client.complete(code, len(code)))["content"]
        self.assertEqual((reply["matches"], reply["cursor_start"], reply["cursor_end"]), (["softmax"], 17, 23))
        reply = self.reply(self.client.complete("tor\nx = 1", 3))["content"]
        self.assertIn("torch", reply["matches"])
        code = "é = compt.trainer { steps = 1 }"
        reply = self.reply(self.client.inspect(code, 10))["content"]
        self.assertIn("compt.trainer(", reply["data"]["text/plain"])
        reply = self.reply(self.client.inspect(code, len(code) - 2))["content"]
        self.assertIn("compt.trainer(", reply["data"]["text/plain"])
        self.assertFalse(self.reply(self.client.inspect("nothing_here", 4))["content"]["found"])
        self.run_cell("mine = 41")
        self.assertIn("41", self.reply(self.client.inspect("mine", 4))["content"]["data"]["text/plain"])

    def test_what_is_not_supported_is_said(self):
        reply = self.reply(self.send("debug_request", {"type": "request", "seq": 1, "command": "attach"}, "control"), "control")
        self.assertEqual((reply["content"]["success"], reply["content"]["request_seq"]), (False, 1))
        reply = self.reply(self.send("odd_request", {}))
        self.assertIn("odd_request", reply["content"]["evalue"])
        reply = self.reply(self.send("odd_request", {}, "control"), "control")
        self.assertEqual(reply["content"]["status"], "error")
        reply = self.reply(self.send("comm_info_request", {}))
        self.assertEqual(reply["content"], {"status": "ok", "comms": {}})
        self.send("comm_open", {"comm_id": "c", "target_name": "t", "data": {}})
        closed = self.until(lambda m: m["msg_type"] == "comm_close")[-1]
        self.assertEqual(closed["content"]["comm_id"], "c")

    def test_the_heart_beats_while_a_cell_runs(self):
        request = self.client.execute("print 'begins'\nwhile true do end")
        self.until(lambda m: m["msg_type"] == "stream")
        with zmq.Context() as context, context.socket(zmq.REQ) as heart:
            heart.linger = 0
            heart.connect(self.manager._make_url("hb"))
            heart.send(b"beat")
            self.assertTrue(heart.poll(1000 * PATIENCE))
            self.assertEqual(heart.recv(), b"beat")
        Interrupts.by_message(self)
        self.until_idle(request)

    def test_a_message_with_another_key_is_left_out(self):
        own = self.client.session.key
        self.client.session.key = b"wrong"
        self.client.execute("forged = true")
        self.client.session.key = own
        self.assertEqual(self.value("forged"), "nil")


class Interrupts(Kernel):
    LOOPS = ["while true do end", "while true do pcall(function() while true do end end) end", "repeat torch.ones(9) until false"]

    def by_message(self):
        request = self.send("interrupt_request", {}, "control")
        self.assertEqual(self.reply(request, "control")["content"]["status"], "ok")

    def by_signal(self):
        os.kill(self.manager.provisioner.pid, signal.SIGINT)

    def test_loops_are_stopped_and_the_session_stays(self):
        self.run_cell("kept = 7")
        for interrupt in (self.by_message, self.by_signal):
            for code in self.LOOPS:
                request = self.client.execute(f"print 'begins'\n{code}")
                self.until(lambda m: m["msg_type"] == "stream")
                interrupt()
                outputs = self.until_idle(request)
                self.assertEqual(self.reply(request)["content"]["ename"], "Interrupted", code)
                self.assertTrue(any(m["msg_type"] == "error" for m in outputs))
                self.assertEqual(self.value("kept"), "7")

    def test_many_interrupts_do_not_end_the_kernel(self):
        self.run_cell("kept = 7")
        for _ in range(3):
            self.by_signal()
            self.by_message()
        request = self.client.execute("print 'begins'\nwhile true do end")
        self.until(lambda m: m["msg_type"] == "stream")
        for _ in range(5):
            self.by_signal()
            self.by_message()
        self.until_idle(request)
        self.assertEqual(self.value("kept"), "7")

    def test_training_is_stopped_after_its_step_and_goes_on(self):
        for interrupt in (self.by_message, self.by_signal):
            request = self.start_training("out = 'run-%s'" % interrupt.__name__)
            interrupt()
            self.until_idle(request)
            self.assertEqual(self.reply(request)["content"]["ename"], "Interrupted")
            steps = int(self.value("t.steps"))
            self.assertGreater(steps, 0)
            self.assertEqual(self.value("t:run({ steps = 3 }).steps"), str(steps + 3))


class Pictures(Kernel):
    def test_a_run_is_one_picture(self):
        (self.folder / "control.lua").write_text("return { clip = 1 }")
        request = self.start_training("control = 'control.lua', out = 'run', evaluate_every = 20, evaluate_limit = 2")
        (self.folder / "control.lua").write_text("return { clip = 0.5 }")

        def tells(what):
            return lambda m: m["msg_type"] == "update_display_data" and what in m["content"]["data"]["text/plain"]

        changed = self.until(tells("clip: 1 -> 0.5"))
        (self.folder / "control.lua").write_text("return { clip = ")
        changed += self.until(tells("stays in use"))
        Interrupts.by_message(self)
        rest = changed + self.until_idle(request)
        pictures = [m for m in rest if m["msg_type"] in ("display_data", "update_display_data")]
        self.assertEqual({m["msg_type"] for m in pictures}, {"update_display_data"})
        self.assertEqual(len({m["content"]["transient"]["display_id"] for m in pictures}), 1)
        last = pictures[-1]["content"]["data"]
        for part in ("loss", "learning rate", "validation score", "clip: 1 -&gt; 0.5", "stays in use"):
            self.assertIn(part, last["image/svg+xml"])
        self.assertNotIn("validation 0.0 after", last["text/plain"])
        self.assertRegex(self.text(rest, "stderr"), "^pt: stopped after step [0-9]+; `compt resume run` continues\n$")
        # At most two a second; the kernel's clock is in the headers.
        times = [m["header"]["date"].timestamp() for m in pictures]
        self.assertTrue(all(b - a > 0.45 for a, b in zip(times, times[1:])), times)

    def test_a_run_that_goes_on_shows_all_its_steps(self):
        self.run_cell(TRAINER % "")
        self.run_cell("t:run { steps = 5 }")
        _, outputs = self.run_cell("t:run { steps = 5 }")
        shown = [m["content"]["data"] for m in outputs if m["msg_type"] == "display_data"]
        self.assertEqual(len(shown), 1)
        self.assertIn("step 10 of 100000", shown[0]["image/svg+xml"])


class Ends(Kernel):
    def is_saved(self):
        """Whether the run has ended with a checkpoint of its last step."""
        record = json.loads((self.folder / "run/result.json").read_text())
        self.assertTrue(record["interrupted"])
        self.assertTrue((self.folder / "run/checkpoints/step-{:09}.safetensors".format(record["steps"])).is_file())

    def test_shutdown_ends_an_idle_kernel(self):
        self.run_cell("x = 1")
        request = self.send("shutdown_request", {"restart": True}, "control")
        reply = self.reply(request, "control")["content"]
        self.assertEqual((reply["status"], reply["restart"]), ("ok", True))
        self.assertEqual(self.ended(), 0)

    def test_shutdown_saves_a_run(self):
        self.start_training("out = 'run'")
        request = self.send("shutdown_request", {"restart": False}, "control")
        self.assertEqual(self.reply(request, "control")["content"]["status"], "ok")
        self.assertEqual(self.ended(), 0)
        self.is_saved()

    def test_sigterm_saves_a_run(self):
        self.start_training("out = 'run'")
        os.kill(self.manager.provisioner.pid, signal.SIGTERM)
        self.assertEqual(self.ended(), 143)
        self.is_saved()

    def test_restart_begins_anew(self):
        self.run_cell("x = 1")
        self.manager.restart_kernel()
        self.client.wait_for_ready(timeout=PATIENCE)
        self.assertEqual(self.value("x"), "nil")

    def test_a_kernel_without_its_parent_saves_the_run_and_ends(self):
        script = (
            "import os, sys\n"
            "from jupyter_client.manager import start_new_kernel\n"
            f"manager, client = start_new_kernel(kernel_name='compt', cwd={str(self.folder)!r})\n"
            f"client.execute({(TRAINER % 'out = [[run]]' + 't:run()')!r})\n"
            "while client.get_iopub_msg(timeout=120)['msg_type'] != 'display_data': pass\n"
            "print(manager.provisioner.pid, flush=True)\n"
            "os.kill(os.getpid(), 9)\n"
        )
        found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
        pid = int(found.stdout)
        end = time.monotonic() + PATIENCE
        while (Path("/proc") / str(pid) / "exe").exists() and time.monotonic() < end:
            time.sleep(0.1)
        self.assertFalse((Path("/proc") / str(pid) / "exe").exists())
        self.is_saved()

    def test_two_notebooks_do_not_share_a_run(self):
        request = self.start_training("out = 'run'")
        first = (self.manager, self.client)
        self.start()
        self.run_cell(TRAINER % "out = 'run'")
        self.assertEqual(self.value("t:run({ steps = 2 }).out"), '"run-2"')
        found = self.compt("resume", "run")
        self.assertNotEqual(found.returncode, 0)
        self.assertIn("another program trains this run now", found.stderr)
        self.manager, self.client = first
        Interrupts.by_message(self)
        self.until_idle(request)
        self.is_saved()


class Ipc(Kernel):
    transport = "ipc"

    def test_a_kernel_listens_on_sockets_of_the_file_system(self):
        self.assertEqual(self.value("1 + 1"), "2")
        self.assertTrue(list(self.folder.glob("socket-*")))


class Refusals(unittest.TestCase):
    """A kernel that cannot start says why."""

    def setUp(self):
        self.file = Path(FOLDER.name) / "connection.json"
        manager = KernelManager(kernel_name="compt", connection_file=str(self.file))
        self.addCleanup(manager.cleanup_connection_file)
        manager.write_connection_file()
        self.good = json.loads(self.file.read_text())

    def refused(self, *parts, **changes):
        self.file.write_text(json.dumps({**self.good, **changes}))
        words = [OPTIONS.compt, "kernel", "--connection-file", self.file]
        found = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(found.returncode, 2, found)
        for part in parts:
            self.assertIn(part, found.stderr)

    def test_wrong_values_are_named(self):
        self.refused("'transport' is 'udp'", transport="udp")
        self.refused("'hmac-sha1'", signature_scheme="hmac-sha1")
        self.refused("'key' must be a string", key=3)
        self.refused("cannot be opened", "shell", ip="203.0.113.7")

    def test_a_port_in_use_is_named(self):
        import socket

        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            self.refused("iopub", str(port), iopub_port=port)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--compt", default="target/release/compt")
    parser.add_argument("names", nargs="*")
    parser.parse_args(namespace=OPTIONS)
    OPTIONS.compt = str(Path(OPTIONS.compt).resolve())
    install()
    names = OPTIONS.names or [c.__name__ for c in (Protocol, Execution, Asking, Interrupts, Pictures, Ends, Ipc, Refusals)]
    tests = unittest.defaultTestLoader.loadTestsFromNames(names, sys.modules[__name__])
    result = unittest.TextTestRunner(verbosity=2).run(tests)
    FOLDER.cleanup()
    sys.exit(not result.wasSuccessful())


if __name__ == "__main__":
    main()
