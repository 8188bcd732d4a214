//! The names of the variants of an enum.

/// Gives an enum without values `ALL`, `NAMES`, `parse` and `name`; the text is what it is called in errors.
#[macro_export]
macro_rules! names {
    ($kind:ty, $what:literal, $($variant:ident = $name:literal),*) => {
        impl $kind {
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant),*];
            pub const NAMES: [&'static str; [$($name),*].len()] = [$($name),*];

            /// Parses a name. Errors: an unknown name; the nearest known one is named.
            pub fn parse(name: &str) -> $crate::Result<Self> {
                let at = Self::NAMES.iter().position(|known| *known == name);
                at.map(|at| Self::ALL[at])
                    .ok_or_else(|| $crate::Error::unknown($what, name, Self::NAMES))
            }

            pub fn name(self) -> &'static str {
                Self::NAMES[self as usize]
            }
        }
    };
}
