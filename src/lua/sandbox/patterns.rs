//! The cost of matching a Lua pattern: the matcher backtracks, and can take exponential time in one call.

/// An upper bound of the matcher's steps on a subject of `n` bytes.
///
/// Each of k repetitions (`*`, `+`, `-`) matches some length, and their sum is at most n: there are C(n + k, k)
/// choices; the start of the match is one more. An item with `?` doubles them. `%b` and a back-reference read up to n
/// bytes at each try. A try takes at most as many steps as the pattern has characters. `anchors`: whether `^` at the
/// beginning is an anchor, which it is not for `gmatch`.
pub fn cost(n: f64, pattern: &[u8], anchors: bool) -> f64 {
    let (mut choices, mut tries) = (0, 1.0);
    let mut at = 0;
    match pattern.first() {
        Some(b'^') if anchors => at = 1,
        _ => choices = 1,
    }
    while at < pattern.len() {
        let mut next = at + 1;
        match pattern[at] {
            b'%' => {
                if let Some(b'b' | b'0'..=b'9') = pattern.get(at + 1) {
                    tries *= n + 1.0;
                }
                next = at + 2;
            }
            b'[' => next = set_end(pattern, at),
            b'*' | b'+' | b'-' => choices += 1,
            b'?' => tries *= 2.0,
            _ => {}
        }
        at = next;
    }
    for i in 1..=choices {
        tries *= (n + f64::from(i)) / f64::from(i);
    }
    tries * (1.0 + pattern.len() as f64 / 4.0)
}

/// The index after a set; its first character may be `]`.
fn set_end(pattern: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    if pattern.get(at) == Some(&b'^') {
        at += 1;
    }
    let first = at;
    while at < pattern.len() {
        match pattern[at] {
            b']' if at > first => return at + 1,
            b'%' => at += 2,
            _ => at += 1,
        }
    }
    pattern.len()
}

#[cfg(test)]
mod tests {
    use super::cost;

    #[test]
    fn the_bound_grows_with_what_backtracks() {
        assert!(cost(20.0, b"^(%w+)%s*=%s*(.-)$", true) < 1e6);
        assert!(cost(1000.0, b"plain", true) < 1e4);
        assert!(cost(30.0, b"[%a_][%w_]*", true) < 1e4);
        for pattern in
            ["a*".repeat(20) + "b", "a?".repeat(40), "%b()".repeat(6), "(a)%1%1%1%1%1".into()]
        {
            assert!(cost(100.0, pattern.as_bytes(), true) > 1e10, "{pattern}");
        }
        assert!(cost(1e6, b"^^*x", false) > 1e11 && cost(1e6, b"^^*x", true) < 1e8);
        // A sign inside a set repeats nothing.
        assert_eq!(cost(50.0, b"^[*+?-]", true), cost(50.0, b"^[abcd]", true));
        assert_eq!(cost(50.0, b"^[]*]", true), cost(50.0, b"^[]a]", true));
        assert!(
            cost(10.0, b"%", true) > 0.0
                && cost(10.0, b"[", true) > 0.0
                && cost(10.0, b"[%", true) > 0.0
        );
    }
}
