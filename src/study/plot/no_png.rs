//! A build without the feature `png`.

/// Refuses: pixels are drawn only with the feature `png`.
///
/// # Errors
/// Always; the error names the missing feature and how to enable it.
pub fn png(_: &str, _: f32) -> Result<Vec<u8>, String> {
    Err("this compt was built without PNG: save the figure as .svg, or build compt with the feature \
         `png` (cargo build --release --features png)"
        .to_string())
}
