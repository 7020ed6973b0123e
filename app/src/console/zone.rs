use std::sync::LazyLock;

use jiff::tz::{TimeZone, db};
use minijinja::Value;

/// The zone of this name in the tz database.
pub(super) fn zone(name: &str) -> Option<TimeZone> {
    db().get(name).ok()
}

/// Name and label of each, as a template chooses among them; hundreds, so they are made once.
pub(super) static ZONES: LazyLock<Value> = LazyLock::new(|| {
    let names = zone_names().into_iter();
    Value::from_iter(names.map(|name| Value::from_iter([name.clone(), said(&name)])))
});

/// The names that people know their zone by, `UTC` first.
fn zone_names() -> Vec<String> {
    let mut names: Vec<String> = db()
        .available()
        .map(|name| name.to_string())
        .filter(|name| is_place(name))
        .collect();
    names.sort();
    names.insert(0, "UTC".to_owned());
    names
}

/// `America/New_York` is `America / New York`.
fn said(zone: &str) -> String {
    zone.replace('_', " ").replace('/', " / ")
}

/// `Europe/Berlin`; not the old spellings and the fixed offsets.
fn is_place(name: &str) -> bool {
    const REGIONS: [&str; 10] = [
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    ];
    name.split_once('/')
        .is_some_and(|(region, _)| REGIONS.contains(&region))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_zone() {
        let names = zone_names();
        assert!(names.len() > 300 && names[0] == "UTC");
        assert!(names.iter().all(|name| zone(name).is_some()));
        assert!(names.iter().any(|name| name == "Europe/Berlin"));
        assert!(zone("Europe/Atlantis").is_none());
    }
}
