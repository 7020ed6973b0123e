use std::sync::Arc;

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
    response::Response,
};
use latchkey_tenants::{ManualClock, Timestamp};
use tower::ServiceExt;

use super::*;

const MAIL: &str = "From: \"Northwind <Studio>\" <hi@northwind.example>\r\n\
    To: someone-else@globex.example\r\n\
    Subject: =?utf-8?q?Action_required=3A_=3Cscript=3Ealert=281=29=3C=2Fscript=3E?=\r\n\
    MIME-Version: 1.0\r\n\
    Content-Type: multipart/alternative; boundary=cut\r\n\r\n\
    --cut\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nOpen </pre><b>this</b>\r\n\
    --cut\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
    <!doctype html><html><HEAD lang=3D\"en\"><title>x</title></head><body><header>\
    <a href=3D\"https://northwind.example/connect/lk_link_1\">Connect</a></header></body></html>\r\n\
    --cut--\r\n";

fn mailbox(dir: &Path) -> Mailbox {
    let clock = ManualClock::at(Timestamp(1_795_417_200_000_000));
    Mailbox::load(dir, Arc::new(clock)).unwrap()
}

fn envelope() -> Envelope {
    Envelope {
        from: "bounce@northwind.example".to_owned(),
        to: vec!["jo@globex.example".to_owned(), "<i>@x.example".to_owned()],
    }
}

async fn get(mailbox: &Mailbox, path: &str) -> Response {
    let request = Request::get(path).body(Body::empty()).unwrap();
    router(mailbox.clone()).oneshot(request).await.unwrap()
}

async fn text(response: Response) -> String {
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn policy(response: &Response) -> &str {
    response.headers()[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap()
}

#[tokio::test]
async fn an_empty_mailbox_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let mailbox = mailbox(dir.path());
    assert!(text(get(&mailbox, "/").await).await.contains("No mail yet"));
    assert_eq!(text(get(&mailbox, "/latest").await).await, "none");
}

#[tokio::test]
async fn a_mail_is_listed_and_shown_with_everything_escaped() {
    let dir = tempfile::tempdir().unwrap();
    let mailbox = mailbox(dir.path());
    let mail = mailbox.deliver(&envelope(), MAIL.as_bytes()).unwrap();
    let list = text(get(&mailbox, "/").await).await;
    let shown = text(get(&mailbox, &format!("/mails/{}", mail.id)).await).await;
    for page in [&list, &shown] {
        assert!(page.contains("&lt;script&gt;alert(1)"), "{page}");
        assert!(!page.contains("<script>alert"));
        assert!(page.contains("jo@globex.example, &lt;i&gt;@x.example"));
        assert!(page.contains("23 Nov 2026, 07:00:00 UTC"));
    }
    assert!(
        !list.contains("someone-else@"),
        "the envelope counts, not the header"
    );
    assert!(
        shown.contains("Open &lt;&#x2f;pre&gt;&lt;b&gt;this"),
        "{shown}"
    );
    assert!(shown.contains("Northwind &lt;Studio&gt;"));
    assert!(!shown.contains("allow-scripts") && !shown.contains("allow-same-origin"));
}

#[tokio::test]
async fn the_html_part_is_caged_and_its_links_leave_the_frame() {
    let dir = tempfile::tempdir().unwrap();
    let mailbox = mailbox(dir.path());
    let mail = mailbox.deliver(&envelope(), MAIL.as_bytes()).unwrap();
    let response = get(&mailbox, &format!("/mails/{}/html", mail.id)).await;
    assert!(policy(&response).starts_with("default-src 'none'; style-src 'unsafe-inline';"));
    assert!(!policy(&response).contains("script"));
    let html = text(response).await;
    assert!(
        html.contains("<HEAD lang=\"en\"><base target=\"_blank\"><title>"),
        "{html}"
    );
    assert!(html.contains("href=\"https://northwind.example/connect/lk_link_1\""));
}

#[tokio::test]
async fn text_and_source_are_never_taken_for_a_page() {
    let dir = tempfile::tempdir().unwrap();
    let mailbox = mailbox(dir.path());
    let mail = mailbox.deliver(&envelope(), MAIL.as_bytes()).unwrap();
    for part in ["text", "raw"] {
        let response = get(&mailbox, &format!("/mails/{}/{part}", mail.id)).await;
        let headers = response.headers();
        assert_eq!(headers[header::CONTENT_TYPE], "text/plain; charset=utf-8");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    }
    let raw = text(get(&mailbox, &format!("/mails/{}/raw", mail.id)).await).await;
    assert!(raw.ends_with(MAIL));
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let dir = tempfile::tempdir().unwrap();
    let mailbox = mailbox(dir.path());
    let plain = mailbox
        .deliver(&envelope(), b"Subject: a\r\n\r\nplain\r\n")
        .unwrap();
    let no_html = format!("/mails/{}/html", plain.id);
    for path in ["/mails/1", "/mails/..%2f..%2fx/raw", "/nowhere", &no_html] {
        assert_eq!(
            get(&mailbox, path).await.status(),
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}

#[tokio::test]
async fn mails_outlive_a_restart_newest_first() {
    let dir = tempfile::tempdir().unwrap();
    let before = mailbox(dir.path());
    for subject in ["one", "two", "three"] {
        let message = format!("Subject: {subject}\r\n\r\nbody\r\n");
        before.deliver(&envelope(), message.as_bytes()).unwrap();
    }
    fs::write(dir.path().join("notes.eml"), "not one of ours").unwrap();
    let after = mailbox(dir.path());
    let subjects: Vec<_> = after
        .mails()
        .iter()
        .map(|mail| mail.subject.clone())
        .collect();
    assert_eq!(subjects, ["three", "two", "one"]);
    assert_eq!(after.mails()[0].to, envelope().to);
    assert_eq!(
        text(get(&after, "/latest").await).await,
        before.mails()[0].id
    );
    let list: serde_json::Value =
        serde_json::from_str(&text(get(&after, "/mails.json").await).await).unwrap();
    assert_eq!(list["data"][0]["subject"], "three");
}

#[test]
fn a_mail_that_makes_no_sense_is_kept_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let mailbox = mailbox(dir.path());
    let mail = mailbox
        .deliver(&envelope(), b"\xff\xfe\0\r\n: :\r\n")
        .unwrap();
    assert!(mail.raw.ends_with(b"\xff\xfe\0\r\n: :\r\n"));
    assert_eq!(mail.to, envelope().to);
}
