//! From whom mails come, what comes back, and who is reminded.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use http::{Request as HttpRequest, StatusCode};
use latchkey_app::{
    mail::{DeliveryConfig, make_keys, read_bounce, take_bounce},
    router,
};
use latchkey_tenants::{
    MailKind, MailStatus, Request, SenderVerdict, SuppressionScope,
    store::{Mail, NewMail, NewMailRelay},
};
use ring::hmac;
use tower::ServiceExt;

use crate::support::{
    RECIPIENT, TestApp,
    smtp::{Answer::Code, Sink},
};

const DAY: Duration = Duration::from_hours(24);
const HOST: &str = "mail.northwind.example";

async fn mails(app: &TestApp, request: &Request) -> Vec<Mail> {
    let mut tx = app.test.store.read(&app.agency.id).await.unwrap();
    tx.mails_of(&request.id).await.unwrap()
}

async fn verified(app: &TestApp) {
    make_keys(&app.test.store).await.unwrap();
    let mut tx = app.test.store.begin(&app.agency.id).await.unwrap();
    let host = HOST.parse().unwrap();
    let (domain, _) = tx.sender_domain_claim(&host, "staff").await.unwrap();
    let nothing = serde_json::json!({});
    tx.sender_domain_report(&domain.id, &SenderVerdict::Good, &nothing)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_verified_domain_is_whom_mails_come_from_and_sign_for() {
    let app = TestApp::start().await;
    verified(&app).await;
    let request = app.send_request(&["slack"]).await;
    app.worker().run_due().await;
    let [sent] = app.relay.mails().try_into().unwrap();
    let from = sent.from().unwrap().first().unwrap();
    assert_eq!(from.name(), Some("northwind agency"));
    assert_eq!(from.address(), Some("notify@mail.northwind.example"));
    let mail = mails(&app, &request).await.swap_remove(0);
    let id = format!("{}@{HOST}", mail.id);
    assert_eq!(sent.message_id(), Some(id.as_str()));
    assert_eq!(mail.message_id.as_deref(), Some(id.as_str()));
    let signature = sent.header_raw("DKIM-Signature").unwrap();
    assert!(signature.contains("d=mail.northwind.example") && signature.contains("s=m1"));
    let back = format!("MAIL FROM:<b+{}@bounce.{HOST}>", mail.token.unwrap());
    assert!(app.relay.said(&back), "{back}");
    let raw = String::from_utf8_lossy(sent.raw_message()).to_lowercase();
    for trace in ["latchkey", "latch.example"] {
        let head = raw.split("\r\n\r\n").next().unwrap();
        assert!(!head.contains(trace), "{head}");
    }
}

#[tokio::test]
async fn the_message_id_stays_when_the_domain_is_verified_between_two_tries() {
    let app = TestApp::start().await;
    app.relay.answer([Code(451)]);
    app.send_request(&["slack"]).await;
    app.worker().run_due().await;
    verified(&app).await;
    app.test.clock.advance(Duration::from_mins(2));
    app.worker().run_due().await;
    let [first, second] = app.relay.mails().try_into().unwrap();
    assert_eq!(first.message_id(), second.message_id());
    assert_eq!(
        second.from().unwrap().first().unwrap().address(),
        Some("notify@mail.northwind.example")
    );
}

fn report(token: &str) -> Vec<u8> {
    format!(
        "From: <>\r\nTo: <b+{token}@bounce.{HOST}>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x\r\n\
         Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n\
         Final-Recipient: rfc822; {RECIPIENT}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--x--\r\n"
    )
    .into_bytes()
}

#[tokio::test]
async fn a_bounce_shows_on_the_request_and_closes_the_address() {
    let app = TestApp::start().await;
    let request = app.send_request(&["slack"]).await;
    app.worker().run_due().await;
    let mail = mails(&app, &request).await.swap_remove(0);
    let bounce = read_bounce(&report(&mail.token.unwrap()), None).unwrap();
    assert!(take_bounce(&app.test.store, &bounce).await.unwrap());
    assert!(
        !take_bounce(&app.test.store, &bounce).await.unwrap(),
        "once"
    );
    app.worker().run_due().await;
    let told = app.relay.mails().swap_remove(1);
    let to = told.to().unwrap().first().unwrap();
    assert_eq!(to.address(), Some("help@northwind.example"));
    assert!(told.body_text(0).unwrap().contains(RECIPIENT));

    app.test.clock.advance(Duration::from_mins(2));
    let mut tx = app.test.store.begin(&app.agency.id).await.unwrap();
    tx.request_resend(&request.id, "staff").await.unwrap();
    tx.commit().await.unwrap();
    app.worker().run_due().await;
    assert_eq!(app.relay.mails().len(), 2, "nothing more goes there");
    let last = mails(&app, &request).await.pop().unwrap();
    assert_eq!(last.status, MailStatus::Suppressed);
    let why = "nothing is sent to this address any more: a mail to it came back";
    assert_eq!(last.error.as_deref(), Some(why));
    let unknown = read_bounce(&report(&"f".repeat(32)), None).unwrap();
    assert!(!take_bounce(&app.test.store, &unknown).await.unwrap());
}

#[tokio::test]
async fn reminders_come_with_one_click_to_end_them_and_looking_ends_nothing() {
    let app = TestApp::start().await;
    let request = app.send_request(&["slack"]).await;
    app.worker().run_due().await;
    app.test.clock.advance(DAY * 2);
    app.worker().run_due().await;
    let reminder = app.relay.mails().pop().unwrap();
    assert_eq!(mails(&app, &request).await[1].kind, MailKind::Reminder);
    let header = reminder.header_raw("List-Unsubscribe").unwrap().trim();
    let address = header.trim_matches(['<', '>']).to_owned();
    let post = reminder.header_raw("List-Unsubscribe-Post").unwrap();
    assert_eq!(post.trim(), "List-Unsubscribe=One-Click");
    assert!(reminder.body_text(0).unwrap().contains(&address));
    let first = &app.relay.mails()[0];
    assert!(first.header_raw("List-Unsubscribe").is_none());

    let path = address
        .strip_prefix("https://northwind.latch.example")
        .unwrap();
    let router = router(app.platform.clone());
    let ask = async |method: &str, host: &str, path: &str| {
        let request = HttpRequest::builder()
            .method(method)
            .uri(path)
            .header("host", host)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from("List-Unsubscribe=One-Click"));
        router.clone().oneshot(request.unwrap()).await.unwrap()
    };
    let home = "northwind.latch.example";
    for _ in 0..3 {
        assert_eq!(ask("GET", home, path).await.status(), StatusCode::OK);
        ask("HEAD", home, path).await;
    }
    let refuses = async || {
        let mut tx = app.test.store.read(&app.agency.id).await.unwrap();
        let address = RECIPIENT.parse().unwrap();
        let held = tx
            .suppression_of(&address, SuppressionScope::Reminders)
            .await;
        held.unwrap().is_some()
    };
    assert!(!refuses().await, "looking changes nothing");
    app.test.agency("southwind").await;
    let foreign = ask("POST", "southwind.latch.example", path).await;
    assert_eq!(foreign.status(), StatusCode::NOT_FOUND);
    assert!(!refuses().await, "another agency's host knows no such mail");
    let done = ask("POST", home, path).await;
    assert_eq!(done.status(), StatusCode::OK);
    let page = to_bytes(done.into_body(), 1 << 20).await.unwrap();
    assert!(!String::from_utf8_lossy(&page).contains("<form"));
    assert!(refuses().await);
    app.test.clock.advance(DAY * 4);
    app.worker().run_due().await;
    assert_eq!(app.relay.mails().len(), 2, "and so no more reminders");
}

#[tokio::test]
async fn an_agencys_dead_relay_is_left_alone_after_three_silences() {
    let app = TestApp::start().await;
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    put_relay(&app, gone.local_addr().unwrap().port()).await;
    drop(gone);
    let request = app.send_request(&["slack"]).await;
    let mut tx = app.test.store.begin(&app.agency.id).await.unwrap();
    for _ in 0..5 {
        tx.mail_enqueue(NewMail {
            kind: MailKind::Cancelled,
            request_id: Some(&request.id),
            recipient: &request.recipient.email,
            secret: None,
            data: serde_json::json!({}),
        })
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
    for _ in 0..6 {
        app.worker().run_due().await;
        app.test.clock.advance(Duration::from_secs(1));
    }
    let whys: Vec<_> = mails(&app, &request).await;
    let count = |part: &str| {
        let whys = whys.iter().filter_map(|mail| mail.error.as_deref());
        whys.filter(|why| why.contains(part)).count()
    };
    assert_eq!(count("connection failed"), 3);
    assert_eq!(count("given a rest"), 3);
}

#[tokio::test]
async fn an_agencys_own_relay_is_used_with_its_sender() {
    let app = TestApp::start().await;
    let own = Sink::start().await;
    put_relay(&app, own.port()).await;
    app.send_request(&["slack"]).await;
    app.worker().run_due().await;
    assert!(app.relay.mails().is_empty());
    let [sent] = own.mails().try_into().unwrap();
    let from = sent.from().unwrap().first().unwrap();
    assert_eq!(from.address(), Some("hello@northwind.example"));
}

async fn put_relay(app: &TestApp, port: u16) {
    let mut tx = app.test.store.begin(&app.agency.id).await.unwrap();
    let new = NewMailRelay {
        host: &"smtp.localhost".parse().unwrap(),
        port,
        username: "northwind",
        password: &"hush".into(),
        sender: &"hello@northwind.example".parse().unwrap(),
    };
    tx.mail_relay_put(new, "staff").await.unwrap();
    tx.commit().await.unwrap();
}

const HOOK_KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

#[tokio::test]
async fn the_hook_believes_only_who_signs_and_only_on_the_platforms_host() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let secret = format!("whsec_{}", STANDARD.encode(HOOK_KEY));
    let app = TestApp::delivering(DeliveryConfig {
        hook_secret: Some(secret.into()),
        ..DeliveryConfig::default()
    })
    .await;
    let request = app.send_request(&["slack"]).await;
    app.worker().run_due().await;
    let mail = mails(&app, &request).await.swap_remove(0);
    let router = router(app.platform.clone());
    let now = app.test.store.now().seconds();
    let post = async |host: &str, body: &str, signed: &str| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, HOOK_KEY);
        let tag = hmac::sign(&key, format!("msg_1.{now}.{signed}").as_bytes());
        let request = HttpRequest::post("/hooks/mail")
            .header("host", host)
            .header("webhook-id", "msg_1")
            .header("webhook-timestamp", now.to_string())
            .header("webhook-signature", format!("v1,{}", STANDARD.encode(tag)))
            .body(Body::from(body.to_owned()));
        let answer = router.clone().oneshot(request.unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8_lossy(&body).into_owned())
    };
    let id = mail.message_id.unwrap();
    let delivered = serde_json::json!({"type": "delivered", "message_id": format!("<{id}>")});
    let delivered = delivered.to_string();
    let (status, _) = post("latch.example", &delivered, "{}").await;
    assert_eq!(status, 401);
    let (status, _) = post("connect.northwind.example", &delivered, &delivered).await;
    assert_eq!(status, 404);
    assert_eq!(mails(&app, &request).await[0].status, MailStatus::Sent);
    // The edge has no other host that is always there.
    let (status, said) = post("preview.latch.example", &delivered, &delivered).await;
    assert_eq!((status, said.as_str()), (200, "{\"taken\":1}"));
    assert_eq!(mails(&app, &request).await[0].status, MailStatus::Delivered);
    let both = serde_json::json!({"events": [
        {"type": "complained", "token": mail.token, "extra": 1}, {"type": "bounced", "token": "none"},
    ]});
    let both = both.to_string();
    let (status, said) = post("latch.example", &both, &both).await;
    assert_eq!((status, said.as_str()), (200, "{\"taken\":1}"));
    assert_eq!(
        mails(&app, &request).await[0].status,
        MailStatus::Complained
    );
    let (status, _) = post("latch.example", "[]", "[]").await;
    assert_eq!(status, 422);
}
