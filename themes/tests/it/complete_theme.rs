#[path = "../../benches/gate/complete.rs"]
mod complete;

use latchkey_themes::{Package, gate};

#[test]
fn the_whole_base_theme_as_a_package_passes_the_gate() {
    let files = complete::files().expect("the files of the base theme");
    let package = Package::from_files(&files).unwrap_or_else(|report| panic!("{report}"));
    let report = gate::judge(&package.to_zip());
    assert!(report.findings.is_empty(), "{report}");
}
