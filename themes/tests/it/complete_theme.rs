#[path = "../../benches/gate/complete.rs"]
mod complete;

use latchkey_themes::{Package, gate};

#[test]
fn the_whole_base_theme_as_a_package_passes_the_gate() {
    let files = complete::files().expect("the files of the base theme");
    let package = Package::from_files(&files).unwrap_or_else(|report| panic!("{report}"));
    let judged = gate::judge(&package.to_zip());
    assert!(judged.report.findings.is_empty(), "{}", judged.report);
    let kept = judged.package.expect("what passed");
    assert!(kept.hash == package.hash && kept.bytes == package.to_zip());
}
