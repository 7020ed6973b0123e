//! A theme from its first file to its archive, as its authors make it.

use crate::authority::wait_for;
use crate::support::{Installation, get, text};
use std::fs;

fn started() -> Installation {
    begun(Installation::empty())
}

fn begun(installation: Installation) -> Installation {
    let new = installation.run("theme new acme");
    assert!(new.status.success(), "{}", text(&new.stderr));
    installation
}

#[test]
fn a_new_theme_passes_as_it_is() {
    let installation = started();
    let check = installation.run("theme check acme");
    let (out, err) = (text(&check.stdout), text(&check.stderr));
    assert_eq!(check.status.code(), Some(0), "{out}{err}");
    assert!(
        out.starts_with("Starter 1.0.0 passes: nothing to put right"),
        "{out}"
    );
}

#[test]
fn the_schema_is_one_document_and_progress_is_told_beside_the_answer() {
    let installation = started();
    let schema = installation.run("theme schema");
    let schema: serde_json::Value = serde_json::from_slice(&schema.stdout).unwrap();
    assert_eq!(schema["title"], "theme.json");
    let check = installation.run("theme check acme");
    assert!(text(&check.stderr).starts_with("rendering every page and mail"));
}

#[test]
fn a_theme_is_not_written_over_another() {
    let installation = started();
    let again = installation.run("theme new acme");
    assert_eq!(again.status.code(), Some(2));
    assert!(text(&again.stderr).contains("acme is there already"));
}

#[test]
fn a_packed_theme_is_the_same_whenever_it_is_packed() {
    let installation = started();
    for output in ["one.zip", "two.zip"] {
        let pack = installation.run(&format!("theme pack acme -o {output}"));
        assert!(pack.status.success(), "{}", text(&pack.stderr));
    }
    let read = |file: &str| fs::read(installation.path().join(file)).unwrap();
    assert_eq!(read("one.zip"), read("two.zip"));
    let hash = |theme: &str| {
        let check = installation.run(&format!("theme check {theme} --format json"));
        assert_eq!(check.status.code(), Some(0), "{}", text(&check.stdout));
        let json: serde_json::Value = serde_json::from_slice(&check.stdout).unwrap();
        json["package"]["hash"].as_str().unwrap().to_owned()
    };
    assert_eq!(hash("acme"), hash("one.zip"));
}

#[test]
fn what_is_wrong_is_told_with_file_line_and_fix() {
    let installation = started();
    let manifest = installation.path().join("acme/theme.json");
    let wrong = fs::read_to_string(&manifest)
        .unwrap()
        .replace("\"color\"", "\"colour\"");
    fs::write(&manifest, wrong).unwrap();
    let check = installation.run("theme check acme");
    let out = text(&check.stdout);
    assert_eq!(check.status.code(), Some(1), "{out}");
    assert!(out.contains("acme/theme.json:8: error: `colour` is not a key of `brand`. [unknown-key]\n    fix: Did you mean `color`?"), "{out}");
    assert!(text(&check.stderr).contains("acme would be refused: "));

    let json = installation.run("theme check acme --format json");
    assert_eq!(json.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["passes"], false);
    assert_eq!(json["findings"][0]["code"], "unknown-key");
    assert_eq!(json["findings"][0]["line"], 8);

    let pack = installation.run("theme pack acme -o acme.zip");
    assert_eq!(pack.status.code(), Some(1));
    assert!(!installation.path().join("acme.zip").exists());
}

#[test]
fn what_is_no_theme_is_no_finding() {
    let installation = Installation::empty();
    assert_eq!(
        installation.run("theme check nowhere").status.code(),
        Some(2)
    );
    assert_eq!(
        installation
            .run("theme pack nowhere -o a.zip")
            .status
            .code(),
        Some(2)
    );
    fs::write(installation.path().join("a.zip"), "no archive").unwrap();
    let check = installation.run("theme check a.zip");
    assert_eq!(check.status.code(), Some(1));
    assert!(
        text(&check.stdout).starts_with("a.zip: archive: error: This is no ZIP archive. [zip-not]")
    );
}

#[test]
fn a_theme_goes_up_is_looked_at_published_and_taken_back() {
    let installation = Installation::new().clone_with(&[("LATCHKEY_PLATFORM_HOST", "localhost")]);
    let installation = begun(installation);
    let create =
        "agency create --slug northwind --name Northwind --owner-email ana@northwind.example";
    let created = installation.run(create);
    let created: serde_json::Value = serde_json::from_slice(&created.stdout).unwrap();
    let key = created["api_key"].as_str().unwrap();
    fs::write(installation.path().join("key"), key).unwrap();
    let mut running = installation.start("serve");
    let edge = running.address("edge listens");
    wait_for("the agency's host", || {
        get(edge, "northwind.localhost", "/sign-in").starts_with("HTTP/1.1 200")
    });
    let theme = |line: &str| {
        let at = format!(
            "--url http://northwind.localhost:{} --key-file key",
            edge.port()
        );
        let ran = installation.run(&format!("theme {line} {at}"));
        assert!(ran.status.success(), "{line}: {}", text(&ran.stderr));
        text(&ran.stdout).to_owned()
    };
    let pushed = theme("push acme --publish");
    let published = pushed.lines().last().unwrap().strip_prefix("published: ");
    let id = published.unwrap().to_owned();
    assert!(theme("list").starts_with(&format!("{id}  published  ")));
    let preview = theme(&format!("preview {id} --page mails/request --locale de"));
    assert!(
        preview.starts_with("http://preview.localhost:"),
        "{preview}"
    );
    assert_eq!(theme("publish base"), "published: base\n");
    assert!(theme("list").starts_with(&format!("{id}  was published  ")));
    assert_eq!(
        theme(&format!("publish {id}")),
        format!("published: {id}\n")
    );
    assert_eq!(running.terminate().code(), Some(0));
}
