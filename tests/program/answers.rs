use crate::support::{Installation, text};
use serde_json::Value;

const CREATE: &str =
    "agency create --slug northwind --name Northwind --owner-email ana@northwind.example";

#[test]
fn without_arguments_it_prints_its_help() {
    let output = Installation::empty().run("");
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("latchkey demo"));
    assert!(output.stderr.is_empty());
}

#[test]
fn a_new_key_is_44_characters_and_never_the_same() {
    let installation = Installation::empty();
    let (one, other) = (installation.run("key new"), installation.run("key new"));
    assert_eq!(text(&one.stdout).trim_end().len(), 44);
    assert_ne!(one.stdout, other.stdout);
}

#[test]
fn missing_settings_are_named_together_and_exit_with_2() {
    let output = Installation::empty().run("serve");
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let said = text(&output.stderr);
    for name in [
        "LATCHKEY_PLATFORM_HOST",
        "LATCHKEY_VAULT_KEY",
        "LATCHKEY_EDGE_KEY",
    ] {
        assert!(said.contains(name), "{said}");
    }
}

#[test]
fn the_settings_file_beside_the_program_is_read_and_another_can_be_named() {
    let installation = Installation::empty();
    std::fs::write(installation.path().join("latchkey.toml"), "colour = 'red'").unwrap();
    std::fs::write(installation.path().join("other.toml"), "taste = 'sweet'").unwrap();
    let said = installation.run("migrate");
    assert!(text(&said.stderr).contains("`colour`"));
    let said = installation.run("migrate --config other.toml");
    assert!(text(&said.stderr).contains("`taste`"));
    let said = installation.run("migrate --config missing.toml");
    assert_eq!(said.status.code(), Some(2));
    assert!(text(&said.stderr).contains("missing.toml cannot be read"));
}

#[test]
fn creating_an_agency_prints_one_line_of_json() {
    let installation = Installation::new();
    let output = installation.run(CREATE);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let answer = text(&output.stdout);
    assert_eq!(answer.lines().count(), 1, "{answer}");
    let created: Value = serde_json::from_str(answer).unwrap();
    assert_eq!(created["slug"], "northwind");
    assert_eq!(created["host"], "northwind.connect.example");
    assert_eq!(
        created["sign_in_url"],
        "http://northwind.connect.example:8080/sign-in"
    );
    assert!(created["api_key"].as_str().unwrap().starts_with("lk_"));
    assert!(!created["agency_id"].as_str().unwrap().is_empty());

    let again = installation.run(CREATE);
    assert_eq!(again.status.code(), Some(1));
    assert!(again.stdout.is_empty());
    assert!(text(&again.stderr).contains("`northwind` is taken"));
}

#[test]
fn an_agency_is_suspended_and_resumed() {
    let installation = Installation::new();
    assert!(installation.run(CREATE).status.success());
    let listed = || text(&installation.run("agency list").stdout).to_owned();
    assert_eq!(listed(), "northwind\tactive\tNorthwind\n");
    assert!(
        installation
            .run("agency suspend northwind")
            .status
            .success()
    );
    assert_eq!(listed(), "northwind\tsuspended\tNorthwind\n");
    assert!(
        installation
            .run("agency suspend northwind")
            .status
            .success()
    );
    assert!(installation.run("agency resume northwind").status.success());
    assert_eq!(listed(), "northwind\tactive\tNorthwind\n");
    assert_eq!(
        installation.run("agency suspend nobody").status.code(),
        Some(1)
    );
}

#[test]
fn a_second_step_is_reset_for_who_has_one_and_the_help_says_for_whom() {
    let installation = Installation::new();
    assert!(installation.run(CREATE).status.success());
    for (line, said) in [
        ("northwind ana@northwind.example", "no such second factor"),
        (
            "northwind jo@northwind.example",
            "nobody at `northwind` has the address",
        ),
        (
            "nobody ana@northwind.example",
            "there is no agency `nobody`",
        ),
    ] {
        let output = installation.run(&format!("agency reset-second-step {line}"));
        assert_eq!(output.status.code(), Some(1), "{line}");
        assert!(text(&output.stderr).contains(said), "{line}");
    }
    let help = installation.run("agency --help");
    assert!(text(&help.stdout).contains("lost phone and backup codes"));
}

#[test]
fn check_names_each_part_and_fails_when_one_does() {
    let installation = Installation::new()
        .with("LATCHKEY_HTTPS_LISTEN", "127.0.0.1:0")
        .with("LATCHKEY_ISSUER", "internal");
    assert!(installation.run("migrate").status.success());
    let output = installation.run("check");
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}");
    for part in [
        "platform host",
        "vault key",
        "database",
        "snapshot",
        "http port",
        "admin port",
        "mail",
        "mail hook",
        "dkim            no keys yet",
        "resolver",
        "certificates",
    ] {
        assert!(said.contains(part), "{part} not in {said}");
    }

    let broken = installation
        .with("LATCHKEY_SMTP_URL", "smtp://127.0.0.1:1")
        .with("LATCHKEY_MAIL_FROM", "connect@example.com")
        .with("LATCHKEY_DNS_SERVERS", "127.0.0.1:1");
    assert!(broken.run("mail dns").status.success());
    std::fs::write(broken.path().join("latchkey-data/snapshot"), "torn").unwrap();
    let output = broken.run("check");
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stdout);
    for part in [
        "FAILED  mail",
        "FAILED  dkim m1",
        "-       dkim m2",
        "-       return path",
        "FAILED  resolver",
        "FAILED  snapshot",
    ] {
        assert!(said.contains(part), "{part} not in {said}");
    }
}
