//! Lists `apps/*.toml`, so that a provider is added by adding a file.

use std::{env, fs, io, path::PathBuf};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=apps");
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    let mut slugs = Vec::new();
    for entry in fs::read_dir("apps")? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "toml")
            && let Some(slug) = path.file_stem().and_then(|stem| stem.to_str())
        {
            slugs.push(slug.to_owned());
        }
    }
    slugs.sort();

    let mut list = String::from("&[\n");
    for slug in slugs {
        list.push_str(&format!(
            "    ({slug:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/apps/{slug}.toml\"))),\n"
        ));
    }
    list.push_str("]\n");
    fs::write(PathBuf::from(out).join("apps.rs"), list)
}
