//! The interface of all kinds of panels.

/// A value that can be drawn.
pub fn drawable(x: &f64) -> bool {
    x.abs() <= 1e300
}

/// The area of a panel: from (0, 0), with this width.
#[derive(Clone, Copy)]
pub struct Room {
    pub width: f64,
    /// The minimum left margin of the plot area, so that panels in a column line up.
    pub margin: f64,
}

/// A kind of panel. `kinds` lists all of them.
pub trait Draw {
    /// Checks that related lists have the same length.
    ///
    /// # Errors
    /// Names the lists that differ. Such a panel can still be drawn; values without a partner are left out.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// The minimum readable width.
    fn least_width(&self) -> f64 {
        0.0
    }

    /// The maximum useful width.
    fn most_width(&self) -> f64 {
        f64::INFINITY
    }

    /// The left margin that it needs, if it can be aligned with the panels above and below.
    fn margin(&self) -> f64 {
        0.0
    }

    /// The panel as text of this many columns; nothing if the kind has no such form.
    fn terminal(&self, _columns: usize) -> Option<String> {
        None
    }

    /// Writes the panel as SVG and returns its height.
    fn draw(&self, body: &mut String, room: Room) -> f64;
}
