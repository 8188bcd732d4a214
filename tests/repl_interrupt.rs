//! Ctrl-C at the prompt stops whatever Lua does and loses nothing. A process of its own: the flag is
//! the process's.

use compt::interrupt;
use compt::lua::repl::show::Look;
use compt::lua::repl::{Repl, Reply};
use compt::lua::session::Session;
use std::time::{Duration, Instant};

#[test]
fn ctrl_c_stops_loops_of_every_kind_and_keeps_the_session() {
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
        let Reply::Done(text) = repl.eval("kept", Look::PLAIN) else { panic!("{source}") };
        assert_eq!(text, "7");
    }
}
