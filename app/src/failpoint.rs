//! Named places at which a test can kill the process. Release builds have none.

/// Ends the process at once, as `kill -9` would, when `FAILPOINT` names this place.
#[cfg(debug_assertions)]
pub(crate) fn hit(place: &str) {
    use std::sync::LazyLock;

    #[expect(
        clippy::disallowed_methods,
        reason = "not a setting: it exists in debug builds only"
    )]
    static WANTED: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("FAILPOINT").ok());
    if WANTED.as_deref() == Some(place) {
        std::process::abort();
    }
}

#[cfg(not(debug_assertions))]
pub(crate) const fn hit(_place: &str) {}
