//! Lines that were copied from a prompt, with its mark before each input.

use compt_base::notice;

/// The marks of this prompt and of Lua's, and of Python's, which many transcripts have.
const MARKS: [&str; 2] = ["> ", ">>> "];

/// The input of a line that has a mark.
fn input_of(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let marked = MARKS.iter().find_map(|mark| line.strip_prefix(mark));
    marked.or_else(|| MARKS.iter().any(|mark| line == mark.trim_end()).then_some(""))
}

/// Whether a text begins with a mark, which no Lua statement does.
pub fn is_marked(text: &str) -> bool {
    text.lines().next().is_some_and(|line| input_of(line).is_some())
}

/// Notes once that lines are left out.
pub fn note_outputs() {
    notice::say_once("note: lines of a transcript without the mark `> ` are taken as outputs");
}

/// The inputs of a transcript, and the number of its lines that are outputs. A line without a mark belongs
/// to the input before it if that one is incomplete.
pub fn inputs(text: &str, is_incomplete: impl Fn(&str) -> bool) -> (Vec<String>, usize) {
    let (mut inputs, mut outputs): (Vec<String>, usize) = (Vec::new(), 0);
    for line in text.lines() {
        let marked = input_of(line);
        let lua = marked.unwrap_or(line);
        match inputs.last_mut().filter(|input| is_incomplete(input)) {
            Some(input) => {
                input.push('\n');
                input.push_str(lua);
            }
            None if marked.is_some() => inputs.push(lua.to_string()),
            None => outputs += usize::from(!line.trim().is_empty()),
        }
    }
    inputs.retain(|input| !input.trim().is_empty());
    (inputs, outputs)
}

/// The inputs of pasted lines, one after the other as if they were typed.
pub fn typed(text: &str, is_incomplete: impl Fn(&str) -> bool) -> Vec<String> {
    let mut inputs: Vec<String> = Vec::new();
    for line in text.lines() {
        match inputs.last_mut().filter(|input| is_incomplete(input)) {
            Some(input) => {
                input.push('\n');
                input.push_str(line);
            }
            None if !line.trim().is_empty() => inputs.push(line.to_string()),
            None => {}
        }
    }
    inputs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_told_from_outputs() {
        let text = "> x = 1\n> x\n1\n> for i = 1, 2 do\nprint(i)\nend\n1\n2\n>\n>>> x";
        let is_incomplete = |input: &str| input.contains("do") && !input.contains("end");
        let (inputs, outputs) = inputs(text, is_incomplete);
        assert_eq!(inputs, ["x = 1", "x", "for i = 1, 2 do\nprint(i)\nend", "x"]);
        assert_eq!(outputs, 3);
        let typed = typed("b = 2\n\nfor i = 1, 2 do\nprint(i)\nend\nb", is_incomplete);
        assert_eq!(typed, ["b = 2", "for i = 1, 2 do\nprint(i)\nend", "b"]);
        assert!(is_marked("> x") && !is_marked("x > y") && !is_marked(">= 1"));
    }
}
