//! `latchkey check` asks, and believes no open port alone.

use crate::authority::{Authority, free_addresses};
use crate::support::{Installation, text};
use std::net::TcpListener;

/// The lines of `latchkey check` that concern these parts.
fn lines(installation: &Installation, parts: &[&str]) -> Vec<String> {
    let output = installation.run("check");
    let said = text(&output.stdout).lines();
    let about = said.filter(|line| parts.iter().any(|part| line[8..].starts_with(part)));
    about.map(str::to_owned).collect()
}

#[test]
fn a_running_installation_is_checked_without_complaint() {
    let [http, app, admin] = free_addresses();
    let installation = Installation::new().clone_with(&[
        ("LATCHKEY_HTTP_LISTEN", &http.to_string()),
        ("LATCHKEY_APP_LISTEN", &app.to_string()),
        ("LATCHKEY_ADMIN_LISTEN", &admin.to_string()),
    ]);
    let running = installation.start("serve");
    running.address("edge listens");
    let output = installation.run("check");
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}");
    for address in [http, app, admin] {
        let line = format!("{address}: in use by this installation");
        assert!(said.contains(&line), "{said}");
    }
}

#[test]
fn a_port_that_another_program_has_is_a_failure_with_a_remedy() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap();
    let installation =
        Installation::new().clone_with(&[("LATCHKEY_HTTP_LISTEN", &address.to_string())]);
    let line = lines(&installation, &["http port"]).remove(0);
    assert!(line.starts_with("FAILED"), "{line}");
    assert!(line.contains("another program"), "{line}");
    assert!(line.ends_with("change LATCHKEY_HTTP_LISTEN"), "{line}");
}

#[test]
fn a_redis_that_takes_no_command_is_a_failure_and_its_password_is_not_told() {
    let installation =
        Installation::new().with("LATCHKEY_REDIS_URL", "redis://:hunter2@127.0.0.1:1");
    let line = lines(&installation, &["redis"]).remove(0);
    assert!(line.starts_with("FAILED"), "{line}");
    assert!(line.contains("LATCHKEY_REDIS_URL"), "{line}");
    assert!(!line.contains("hunter2"), "{line}");
}

#[test]
fn both_issuers_are_asked_for_their_directories() {
    let (Some(first), Some(second)) = (Authority::start(), Authority::for_customers()) else {
        return;
    };
    let roots = [&first, &second].map(|authority| std::fs::read_to_string(authority.root()));
    let installation = Installation::new();
    let root = installation.path().join("roots.pem");
    std::fs::write(&root, roots.map(Result::unwrap).concat()).unwrap();
    let installation = installation.clone_with(&[
        ("LATCHKEY_ISSUER", &first.url()),
        ("LATCHKEY_ACME_ROOT", root.to_str().unwrap()),
        ("LATCHKEY_ACME_PROFILE", "tlsserver"),
        ("LATCHKEY_SECOND_ISSUER", &second.url()),
    ]);
    let parts = ["certificates", "acme profile", "second issuer"];
    let [certificates, profile, other] = lines(&installation, &parts).try_into().unwrap();
    assert!(certificates.starts_with("ok"), "{certificates}");
    assert!(certificates.contains("127.0.0.1 answers; no contact"));
    assert!(profile.starts_with("-"), "{profile}");
    assert!(profile.contains("does not offer tlsserver"), "{profile}");
    assert!(profile.contains("it has default"), "{profile}");
    assert!(other.starts_with("FAILED"), "{other}");
    assert!(
        other.ends_with("set LATCHKEY_SECOND_ACME_EAB_KID and LATCHKEY_SECOND_ACME_EAB_KEY"),
        "{other}"
    );

    let with_account = installation.clone_with(&[
        ("LATCHKEY_ACME_PROFILE", "default"),
        ("LATCHKEY_SECOND_ACME_EAB_KID", "kid-1"),
        ("LATCHKEY_SECOND_ACME_EAB_KEY", "c2VjcmV0"),
    ]);
    let all = lines(&with_account, &parts);
    assert!(all.iter().all(|line| line.starts_with("ok")), "{all:?}");
    assert!(
        all[2].contains("external account kid-1, key of 6 bytes"),
        "{all:?}"
    );
}

#[test]
fn what_answers_but_is_no_directory_is_not_taken_for_one() {
    let Some(authority) = Authority::start() else {
        return;
    };
    let elsewhere = authority.url().replace("/dir", "/nonce-plz");
    let installation = Installation::new().clone_with(&[
        ("LATCHKEY_ISSUER", &elsewhere),
        ("LATCHKEY_ACME_ROOT", authority.root().to_str().unwrap()),
    ]);
    let line = lines(&installation, &["certificates"]).remove(0);
    assert!(line.starts_with("FAILED"), "{line}");
    assert!(line.contains("LATCHKEY_ISSUER"), "{line}");
}
