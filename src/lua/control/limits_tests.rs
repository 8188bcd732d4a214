use super::tests::{load, refused, setting};
use crate::sandbox::endless::ENDLESS;

/// A control whose temperature function begins with this code.
fn with(body: &str) -> String {
    format!("return {{ temperature = function(step, view) {body} return 2 end }}")
}

/// The CPU seconds of each call that fails are bounded, whatever the code does.
#[test]
fn every_endless_call_ends() {
    let mut slowest = (0.0, "");
    for code in ENDLESS {
        let before = crate::sandbox::cpu_seconds();
        let text = refused(&with(code));
        let took = crate::sandbox::cpu_seconds() - before;
        assert!(text.len() < 2_000, "{code}: {text}");
        if took > slowest.0 {
            slowest = (took, code);
        }
    }
    println!("{} endless calls; the longest took {:.2} s: {}", ENDLESS.len(), slowest.0, slowest.1);
}

#[test]
fn what_takes_too_long_is_refused_by_name() {
    let text = refused(&with("local x = ('a'):rep(40):find(('a*'):rep(20) .. 'b')"));
    assert!(text.contains("string.find: it could take too long with these arguments"), "{text}");
    let text = refused(&with("table.move({}, 1, 1e15, 2)"));
    assert!(text.contains("table.move: it could take too long"), "{text}");
    for name in ["string.pack", "string.unpack", "string.dump", "math.randomseed"] {
        assert!(refused(&with(&format!("{name}('')"))).contains("nil value"), "{name}");
    }
}

#[test]
fn the_library_still_works_within_the_limits() {
    let code = r##"
        assert(("a b  c"):gsub("%s+", "-") == "a-b-c" and ("k = v"):match("^(%w+)%s*=%s*(.-)$") == "k")
        assert(("x"):rep(3, ",") == "x,x,x" and (""):rep(5) == "" and (""):rep(2, "ab") == "ab")
        assert(("a+b"):find("+", 1, true) == 2 and ("hello"):sub(-3) == "llo" and ("abc"):byte(2) == 98)
        local t = { 3, 1, 2 }
        table.sort(t) assert(table.concat(t, " ") == "1 2 3")
        table.sort(t, function(a, b) return a > b end) assert(table.concat(t, "", 1, 2) == "32")
        table.insert(t, 1, 9) table.insert(t, 7) assert(table.remove(t, 1) == 9 and table.remove(t) == 7)
        assert(select("#", table.unpack(t, 1, 3)) == 3 and #table.move(t, 1, 3, 2) == 4)
        assert(utf8.len("é") == 1 and utf8.char(233) == "é" and utf8.codepoint("é") == 233)
        local words = {} for w in ("one two"):gmatch("%a+") do words[#words + 1] = w end
        assert(words[2] == "two" and tonumber("0x10") == 16 and tonumber("z", 36) == 35)
        assert(("%5.2f|%s|%d|%q"):format(1.5, true, 3, "x") == ' 1.50|true|3|"x"')
        assert(next({}) == nil and next({ b = 1, a = 2 }) == "a" and next({ b = 1, a = 2 }, "a") == "b")
        assert(next({ 5, x = 1 }, 1) == "x" and next({ a = false }) == "a" and select(2, next({ a = false })) == false)
    "##;
    load(&with(code), "").unwrap();
}

#[test]
fn metatables_work_within_the_limits() {
    let code = r##"
        local Class = {} Class.__index = Class
        function Class.new(x) return setmetatable({ x = x }, Class) end
        function Class:double() return 2 * self.x end
        local object = Class.new(3)
        assert(object:double() == 6 and getmetatable(object) == Class)
        setmetatable(object, nil) assert(getmetatable(object) == nil)
        local callable = setmetatable({}, { __call = function(_, x) return x + 1 end, __len = function() return 7 end })
        assert(callable(1) == 2 and #callable == 7)
        assert(getmetatable(setmetatable({}, { __metatable = "locked" })) == "locked")
    "##;
    load(&with(code), "").unwrap();
    let text = refused(&with("setmetatable(setmetatable({}, { __metatable = 1 }), {})"));
    assert!(text.contains("cannot change a protected metatable"), "{text}");
    assert!(refused(&with("setmetatable({}, { __call = {} })")).contains("must be a function"));
}

#[test]
fn equal_elements_keep_their_order() {
    let code = r##"
        local t = {}
        for i = 1, 300 do t[i] = { key = i % 7, place = i } end
        table.sort(t, function(a, b) return a.key < b.key end)
        for i = 2, #t do
          local a, b = t[i - 1], t[i]
          assert(a.key < b.key or a.key == b.key and a.place < b.place)
        end
        for n = 0, 20 do
          local s = {}
          for i = 1, n do s[i] = (i * 7919) % 23 end
          table.sort(s, function(a, b) return a > b end)
          for i = 2, n do assert(s[i - 1] >= s[i]) end
          assert(#s == n)
        end
    "##;
    load(&with(code), "").unwrap();
    assert!(refused(&with("table.sort({ 1, 'x' })")).contains("attempt to compare"));
    assert!(refused(&with("table.sort()")).contains("table expected, got no value"));
}

#[test]
fn long_files_are_not_compiled() {
    let text = refused(&format!("return {{ temperature = {}1 }}", "1 and ".repeat(60_000)));
    assert!(text.contains("bytes are too long for this file: at most 64 KiB"), "{text}");
}

/// What would differ between two processes is the same, or refused.
#[test]
fn answers_do_not_depend_on_the_process() {
    let code = "assert(tostring({}) == 'table' and tostring(print) == 'function' and tostring(view):find('0x') == nil)
        assert(('%s'):format({}) == 'table' and ('%10s'):format(print) == '  function')
        assert(tostring(setmetatable({}, { __tostring = function() return 'own' end })) == 'own')";
    let text = load(&with(code), "").err().map(|e| e.to_string()).unwrap_or_default();
    assert_eq!(text, "");
    assert!(refused(&with("local x = ('%p'):format({})")).contains("'%p' gives an address"));
    let text = refused(&with("local x = next({ [print] = 1 })"));
    assert!(text.contains("keys must be numbers, strings or booleans"), "{text}");
    assert!(refused("setmetatable({}, { __mode = 'k' }) return {}").contains("'__mode'"));
}

#[test]
fn a_first_line_for_the_shell_is_a_comment() {
    let mut control = load("#!/usr/bin/env compt\nreturn { temperature = 3 }", "").unwrap();
    assert_eq!(control.knobs(&setting().view(1)).unwrap().number("temperature"), Some(3.0));
    assert!(refused("#!x\nreturn {\n clip = = 1 }").starts_with("control.lua:3:"));
}
