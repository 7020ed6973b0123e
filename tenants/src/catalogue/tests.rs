use super::*;

#[test]
fn every_file_describes_the_app_it_is_named_after() {
    let catalogue = Catalogue::parse(FILES).unwrap();
    assert_eq!(catalogue.apps().count(), FILES.len());
}
