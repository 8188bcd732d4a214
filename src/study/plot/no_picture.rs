//! A build without the feature `pictures`.

const WHY: &str = "this compt was built without PNG and PDF: save the figure as .svg, or build compt with the feature \
                   `pictures` (cargo build --release --features pictures)";

/// Refuses: pixels are drawn only with the feature `pictures`.
///
/// # Errors
/// Always; the error names the missing feature and how to enable it.
pub fn png(_: &str, _: f32, _: Option<&str>) -> Result<Vec<u8>, String> {
    Err(WHY.to_string())
}

/// Refuses: PDF files are written only with the feature `pictures`.
///
/// # Errors
/// Always; the error names the missing feature and how to enable it.
pub fn pdf(_: &str, _: Option<&str>) -> Result<Vec<u8>, String> {
    Err(WHY.to_string())
}
