//! The kinds of panels, one file each.

pub mod bands;
pub mod bars;
pub mod forest;
pub mod groups;
pub mod heat;
pub mod histogram;
pub mod lines;
pub mod ranks;
pub mod series;
mod summary;

use super::panel::Draw;
use serde::Deserialize;

macro_rules! register {
    ($($kind:ident in $file:ident;)*) => {
        /// A panel; the field `kind` of its description selects the variant, in snake case.
        #[derive(Clone, Debug, Deserialize)]
        #[serde(tag = "kind", rename_all = "snake_case")]
        pub enum Panel {
            $($kind($file::$kind)),*
        }

        impl Panel {
            pub(super) fn title(&self) -> &str {
                match self {
                    $(Panel::$kind(panel) => &panel.title),*
                }
            }

            pub(super) fn as_draw(&self) -> &dyn Draw {
                match self {
                    $(Panel::$kind(panel) => panel),*
                }
            }
        }
    };
}

register! {
    Bands in bands;
    Bars in bars;
    Forest in forest;
    Groups in groups;
    Heat in heat;
    Histogram in histogram;
    Lines in lines;
    Ranks in ranks;
}
