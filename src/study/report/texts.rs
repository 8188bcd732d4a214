//! Texts, each once, in order of appearance.

#[derive(Default)]
pub struct Texts(pub Vec<String>);

impl Texts {
    /// The index of a text, which is added where it is new.
    pub fn index(&mut self, text: &str) -> usize {
        self.0.iter().position(|known| known == text).unwrap_or_else(|| {
            self.0.push(text.to_string());
            self.0.len() - 1
        })
    }
}
