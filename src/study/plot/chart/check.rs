//! Whether lists that belong together are as long as each other.

use super::{Chart, Heat, Lines, Panel};

impl Chart {
    /// Says which lists do not fit together. Such a chart can be drawn too, but what has no partner
    /// is left out.
    pub fn check(&self) -> Result<(), String> {
        for (i, panel) in self.panels.iter().enumerate() {
            let checked = match panel {
                Panel::Lines(lines) => lines.check(),
                Panel::Heat(heat) => heat.check(),
                Panel::Boxes(_) => Ok(()),
            };
            checked.map_err(|what| format!("panel {}: {what}", i + 1))?;
        }
        Ok(())
    }
}

impl Lines {
    fn check(&self) -> Result<(), String> {
        for series in &self.series {
            let lists = [
                ("mean", Some(&series.mean)),
                ("low", series.low.as_ref()),
                ("high", series.high.as_ref()),
            ];
            for (list, values) in lists {
                let (count, places) = (values.map_or(series.x.len(), Vec::len), series.x.len());
                if count != places {
                    let name = &series.name;
                    return Err(format!("series {name:?} has {places} x and {count} {list}"));
                }
            }
            if series.low.is_some() != series.high.is_some() {
                return Err(format!("series {:?} has one of low and high", series.name));
            }
        }
        Ok(())
    }
}

impl Heat {
    fn check(&self) -> Result<(), String> {
        let (rows, columns) = (self.rows.len(), self.columns.len());
        if self.values.len() != rows {
            return Err(format!("{rows} names of rows and {} rows of values", self.values.len()));
        }
        for (name, row) in self.rows.iter().zip(&self.values) {
            if row.len() != columns {
                return Err(format!(
                    "{columns} names of columns and {} values in row {name:?}",
                    row.len()
                ));
            }
        }
        Ok(())
    }
}
