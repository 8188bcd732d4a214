//! Ctrl-C at the prompt stops whatever Lua does and loses nothing.

use crate::program::alone;
use compt_lua::repl::show::{Look, Shown};
use compt_lua::repl::{Repl, Reply};
use compt_lua::session::Session;
use compt_study::interrupt;
use std::time::{Duration, Instant};

#[test]
fn a_run_that_was_stopped_is_saved_as_a_run_to_its_step() {
    alone(|| {
        let mut repl = Repl::new(Session::default()).unwrap();
        let mut say = |source: &str| repl.eval(source, Look::PLAIN);
        let made = say(
        "t = compt.trainer { backbone = compt.backbone('micro'), tasks = compt.tasks('micro', { shots = 8 }),
           method = compt.methods.pt { length = 2, encoder = 'none', alone = false },
           steps = 100000, batch_size = 2, progress = false }",
    );
        assert!(matches!(made, Reply::Done(_)), "{made:?}");
        say("held = { t }");
        say("function go(n) for _ = 1, n do held[1]:step() end error 'enough' end");
        assert!(matches!(say("go(3)"), Reply::Failed(_)));
        let stop = std::thread::spawn(|| {
            std::thread::sleep(Duration::from_millis(800));
            interrupt::request();
        });
        assert!(matches!(say("t:run()"), Reply::Interrupted(_)));
        stop.join().unwrap();
        let Reply::Done(Shown { text: steps, .. }) = say("t.steps") else { panic!() };
        assert!(steps.parse::<u64>().unwrap() > 3, "{steps}");
        let script = repl.script();
        let failed = "-- it ended in an error; except for steps of named trainers, its effects are \
                      not repeated:\n--   go(3)\nwhile t.steps < 3 do t:step() end\n";
        assert!(script.contains(failed), "{script}");
        assert!(
            script.contains(&format!("--   t:run()\nwhile t.steps < {steps} do t:step() end\n")),
            "{script}"
        );
    });
}

#[test]
fn ctrl_c_stops_loops_of_every_kind_and_keeps_the_session() {
    alone(|| {
        let mut repl = Repl::new(Session::default()).unwrap();
        repl.eval("kept = 7", Look::PLAIN);
        for source in [
            "while true do end",
            "while true do pcall(function() while true do end end) end",
            "coroutine.wrap(function() while true do end end)()",
            "local x = torch.ones(200, 200) while true do x = x:matmul(x) * 0 + 1 end",
            "while true do pcall(torch.ones, 3) end",
            "for i = 1, math.huge do local t = setmetatable({}, { __index = function() while true do end end }); local _ = t.x end",
        ] {
            let stop = std::thread::spawn(|| {
                std::thread::sleep(Duration::from_millis(50));
                interrupt::request();
            });
            let start = Instant::now();
            let reply = repl.eval(source, Look::PLAIN);
            assert!(matches!(reply, Reply::Interrupted(_)), "{source}: {reply:?}");
            stop.join().unwrap();
            // So far from the 100 ms it should take that only a hang fails; the figure is the script's.
            assert!(start.elapsed() < Duration::from_secs(20), "{source}");
            let Reply::Done(Shown { text, .. }) = repl.eval("kept", Look::PLAIN) else {
                panic!("{source}")
            };
            assert_eq!(text, "7");
        }
    });
}
