//! What every kind of panel can do.

/// A value that can be drawn.
pub fn drawable(x: &f64) -> bool {
    x.abs() <= 1e300
}

/// Where a panel is drawn: from (0, 0), this wide.
#[derive(Clone, Copy)]
pub struct Room {
    pub width: f64,
    /// The least room left of the plane, so that panels below each other line up.
    pub margin: f64,
}

/// A kind of panel, registered in `kinds`.
pub trait Draw {
    /// Checks that lists that belong together have the same length.
    ///
    /// # Errors
    /// Names the lists that differ. Such a panel can be drawn too; values without a partner are left out.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// The panel is not readable in less.
    fn least_width(&self) -> f64 {
        0.0
    }

    /// The panel does not use more.
    fn most_width(&self) -> f64 {
        f64::INFINITY
    }

    /// The room that it needs left of its plane, if the panels above and below may move it.
    fn margin(&self) -> f64 {
        0.0
    }

    /// Writes the panel as SVG and returns its height.
    fn draw(&self, body: &mut String, room: Room) -> f64;
}
