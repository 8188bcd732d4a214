//! Whatever is typed, the session goes on. COMPT_FUZZ says how many inputs (500; `make figures` takes
//! 10,000), COMPT_FUZZ_SEED where to start.

use crate::program::alone;
use compt_lua::doc::Docs;
use compt_lua::lexer::tokens;
use compt_lua::repl::complete::{complete, signature};
use compt_lua::repl::show::Look;
use compt_lua::repl::{Repl, Reply, is_incomplete};
use compt_lua::session::Session;
use compt_study::interrupt;
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Things to type that are no example of the documentation.
const TYPED: [&str; 22] = [
    "x = 1",
    "x",
    "_",
    "nil",
    "for i = 1, 10 do x = i end",
    "function f(n) if n < 2 then return 1 end return n * f(n - 1) end",
    "f(10)",
    "t = setmetatable({}, { __index = function(_, k) return k end, __tostring = function() return 1 end })",
    "t.x.y",
    "error({})",
    "error(nil)",
    "error(setmetatable({}, { __tostring = function() error 'again' end }))",
    "('x'):rep(100)",
    "coroutine.wrap(function() coroutine.yield(1) end)()",
    "goto done ::done::",
    "local a <close> = nil",
    "while true do end",
    "function r() return r() end r()",
    "function d() return 1 + d() end d()",
    "string.format('%s %d', 'a', 3)",
    "{ 1, 2, { a = 'é€😀' } }",
    "select('#', table.unpack({}, 1, 200))",
];

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

#[test]
fn no_input_ends_the_session() {
    alone(|| {
        limit_memory();
        let count = number("COMPT_FUZZ", 500);
        let mut random = ChaCha8Rng::seed_from_u64(number("COMPT_FUZZ_SEED", 1));
        let mut repl = Repl::new(Session::default()).unwrap();
        let corpus = corpus();
        let turn = std::sync::Arc::new(AtomicU64::new(0));
        watch(turn.clone());
        let (mut good, mut failed, mut stopped) = (0, 0, 0);
        for i in 0..count {
            let input = mutated(&mut random, &corpus);
            turn.fetch_add(1, Ordering::SeqCst);
            // As typing does.
            let cut = input.char_indices().map(|c| c.0).choose(&mut random).unwrap_or(0);
            for part in [&input[..cut], &input] {
                complete(repl.lua(), repl.docs(), part);
                signature(repl.lua(), repl.docs(), part);
                assert_eq!(tokens(part).iter().map(|t| t.text(part)).collect::<String>(), part);
            }
            if is_incomplete(repl.lua(), &input) {
                continue;
            }
            match repl.eval(&input, Look::PLAIN) {
                Reply::Done(_) => good += 1,
                Reply::Failed(failure) => {
                    let text = failure.to_string();
                    assert!(!text.contains("panic"), "{i}: {input:?}: {text}");
                    failed += 1;
                }
                Reply::Interrupted(_) => stopped += 1,
                Reply::Incomplete => {}
            }
        }
        println!(
            "{count} inputs: {good} worked, {failed} failed, {stopped} were stopped, none ended it"
        );
        turn.fetch_add(1, Ordering::SeqCst);
        repl.eval("collectgarbage()", Look::PLAIN);
        // Inputs may have put anything into the globals; the session itself answers.
        assert!(matches!(repl.eval("1 + 1", Look::PLAIN), Reply::Done(shown) if shown.text == "2"));
        assert!(good > 0 && failed > 0);
    });
}

fn corpus() -> Vec<String> {
    let docs = Docs::load().unwrap();
    let examples = docs.entries.iter().filter(|entry| entry.section != "Training");
    let lines = examples.flat_map(|entry| entry.example.clone());
    let harmless =
        |line: &String| !["os.", "save", "compt-"].iter().any(|word| line.contains(word));
    TYPED.iter().map(|s| s.to_string()).chain(lines.filter(harmless)).collect()
}

/// One or two inputs of the corpus, with a few letters dropped, doubled, moved or made up. No digits
/// are added: sizes of thousands of gigabytes are another test's.
fn mutated(random: &mut ChaCha8Rng, corpus: &[String]) -> String {
    let mut letters: Vec<char> = corpus.choose(random).unwrap().chars().collect();
    if random.random_bool(0.2) {
        letters.push(*[' ', '\n', ';', ','].choose(random).unwrap());
        letters.extend(corpus.choose(random).unwrap().chars());
    }
    for _ in 0..random.random_range(0..6) {
        if letters.is_empty() {
            break;
        }
        let at = random.random_range(0..letters.len());
        match random.random_range(0..5) {
            0 => drop(letters.remove(at)),
            1 if !letters[at].is_ascii_digit() => letters.insert(at, letters[at]),
            2 => {
                let other = random.random_range(0..letters.len());
                if !letters[at].is_ascii_digit() && !letters[other].is_ascii_digit() {
                    letters.swap(at, other);
                }
            }
            3 => {
                let odd = "(){}[]\"'\\=~<>.,:;#%-+*/ \n\t\0é😀\u{7f}_aend".chars();
                letters.insert(at, odd.choose(random).unwrap());
            }
            _ => letters.truncate(at),
        }
    }
    letters.into_iter().collect()
}

/// Presses Ctrl-C for inputs that take longer than a tenth of a second.
fn watch(turn: std::sync::Arc<AtomicU64>) {
    std::thread::spawn(move || {
        let mut seen = 0;
        loop {
            std::thread::sleep(Duration::from_millis(100));
            let now = turn.load(Ordering::SeqCst);
            if now == seen {
                interrupt::request();
            }
            seen = now;
        }
    });
}

/// A size that grew by mistake must fail here, not take the machine's memory.
fn limit_memory() {
    let limit = libc::rlimit { rlim_cur: 16 << 30, rlim_max: 16 << 30 };
    // SAFETY: a valid pointer.
    unsafe { libc::setrlimit(libc::RLIMIT_AS, &limit) };
}
