//! What is known of public authorities before anybody has asked them.

/// What CAA records call the authority behind a directory (RFC 8659 §4.2), from its own documentation. Empty: unknown, so
/// that no CAA record is held against it before the order.
pub fn caa_identities_of(directory: &str) -> Vec<String> {
    const KNOWN: [(&str, &[&str]); 4] = [
        ("api.letsencrypt.org", &["letsencrypt.org"]),
        ("api.pki.goog", &["pki.goog"]),
        (
            "acme.zerossl.com",
            &["sectigo.com", "comodoca.com", "usertrust.com"],
        ),
        ("acme.ssl.com", &["ssl.com"]),
    ];
    let host = directory
        .strip_prefix("https://")
        .and_then(|rest| rest.split(['/', ':']).next())
        .unwrap_or_default();
    let known = KNOWN.iter().find(|(suffix, _)| {
        let before = host.strip_suffix(suffix);
        // `acme-v02.` or `acme-staging-v02.` may stand in front.
        before.is_some_and(|before| before.is_empty() || before.ends_with(['.', '-']))
    });
    known.map_or_else(Vec::new, |(_, identities)| {
        identities.iter().map(ToString::to_string).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities_are_known_by_their_directory() {
        let of = |directory| caa_identities_of(directory).join(" ");
        assert_eq!(
            of("https://acme-v02.api.letsencrypt.org/directory"),
            "letsencrypt.org"
        );
        assert_eq!(of("https://dv.acme-v02.api.pki.goog/directory"), "pki.goog");
        assert_eq!(of("https://127.0.0.1:14000/dir"), "");
        assert_eq!(of("https://notacme.ssl.com/dir"), "");
        assert_eq!(of("https://evil.example/api.letsencrypt.org"), "");
    }
}
