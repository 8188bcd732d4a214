//! Lets the binaries find libtorch from any folder, without LD_LIBRARY_PATH.

#[allow(clippy::print_stdout)]
fn main() {
    println!("cargo:rerun-if-env-changed=DEP_TCH_LIBTORCH_LIB");
    if let Ok(folder) = std::env::var("DEP_TCH_LIBTORCH_LIB") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{folder}");
        println!("cargo:rustc-env=COMPT_LIBTORCH={folder}");
    }
}
