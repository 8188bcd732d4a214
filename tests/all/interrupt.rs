//! Ctrl-C and Lua code in one process.

use crate::program::alone;
use compt_lua::Runtime;
use compt_study::interrupt::{self, Hold};

#[test]
fn a_step_under_way_is_finished_first() {
    alone(|| {
        interrupt::install().unwrap();
        let runtime = Runtime::new().unwrap();
        let run = |code: &str| runtime.exec(code, "study.lua");
        // SAFETY: the handler is installed.
        unsafe { libc::raise(libc::SIGINT) };
        assert!(interrupt::requested());

        let hold = Hold::new();
        run("for _ = 1, 1e6 do end").unwrap();
        drop(hold);

        let failure = run("local n = 0\nwhile true do n = n + 1 end").unwrap_err();
        assert_eq!(failure.message, "interrupted");
        assert_eq!(failure.place.unwrap().line, 2);

        interrupt::clear();
        run("for _ = 1, 1e6 do end").unwrap();
    });
}
