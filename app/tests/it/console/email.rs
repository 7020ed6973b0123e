use http::StatusCode;
use latchkey_tenants::{DeliveryNews, Lifetime, NewRequest, Recipient, Request, SlotRef};

use crate::{
    people::scene::{CLIENT, Scene, post},
    support::RECIPIENT,
};

#[tokio::test]
async fn a_sender_domain_is_added_checked_and_removed() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let page = staff.get("/dashboard/email").await;
    page.ok()
        .says("notify@mail.example")
        .says("neutral address")
        .says("help@northwind.example");
    let wrong = post(&mut staff, "/dashboard/email", &page, &[("host", "co.uk")]).await;
    wrong
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("is a public suffix")
        .says("value=\"co.uk\"");
    let host = [("host", "mail.northwind.example")];
    let path = post(&mut staff, "/dashboard/email", &page, &host)
        .await
        .led_to();
    let page = staff.get(&path).await;
    page.ok()
        .says("Waiting for its records")
        .says("_domainkey.mail.northwind.example")
        .says("bounce.mail.northwind.example")
        .says("_dmarc.mail.northwind.example");
    staff
        .get(&format!("{path}/state"))
        .await
        .ok()
        .says("data-live")
        .does_not_say("<nav");
    let checked = post(&mut staff, &format!("{path}/check"), &page, &[]).await;
    assert_eq!(checked.led_to(), path);
    let removed = post(&mut staff, &format!("{path}/remove"), &page, &[]).await;
    assert_eq!(removed.led_to(), "/dashboard/email");
    staff.get(&path).await.page(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_relay_is_stored_tried_and_forgotten_and_its_password_stays_with_its_server() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let path = "/dashboard/email/relay";
    let page = staff.get(path).await;
    page.ok().does_not_say("Send a test mail");
    let empty = post(&mut staff, path, &page, &[("port", "25x")]).await;
    empty
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("465, 587 or 2525 is expected");
    let fields = [
        ("host", "smtp.northwind.example"),
        ("port", "465"),
        ("username", "northwind"),
        ("password", "planted-password"),
        ("sender", "hello@northwind.example"),
    ];
    let stored = post(&mut staff, path, &page, &fields).await;
    assert_eq!(stored.led_to(), path);
    let page = staff.get(path).await;
    page.ok()
        .says("smtp.northwind.example")
        .says("Send a test mail")
        .does_not_say("planted-password");
    let kept: Vec<_> = fields
        .iter()
        .filter(|(name, _)| *name != "password")
        .copied()
        .collect();
    let kept_there = post(&mut staff, path, &page, &kept).await;
    assert_eq!(kept_there.led_to(), path);
    let mut elsewhere = kept.clone();
    elsewhere[0].1 = "smtp.evil.example";
    let refused = post(&mut staff, path, &page, &elsewhere).await;
    refused
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("Type the password for this server.")
        .says("smtp.evil.example");
    staff
        .get("/dashboard/email")
        .await
        .ok()
        .says("hello@northwind.example");
    let removed = post(&mut staff, &format!("{path}/remove"), &page, &[]).await;
    assert_eq!(removed.led_to(), "/dashboard/email");
    let tried = post(&mut staff, &format!("{path}/test"), &page, &[]).await;
    assert_eq!(tried.led_to(), path);
    staff
        .get(path)
        .await
        .ok()
        .says("There is no relay to try: store one first.");
}

/// A request that was sent.
async fn asked(scene: &Scene) -> Request {
    let workspace = scene
        .read(async |tx| tx.workspace(&scene.workspace).await)
        .await;
    let workspace = workspace.expect("a workspace");
    let workflow = scene
        .app
        .workflow(&workspace, "Weekly report", "slack")
        .await;
    let new = NewRequest {
        workspace_id: workspace.id,
        asked: Recipient {
            email: RECIPIENT.parse().unwrap(),
            name: None,
        }
        .into(),
        note: None,
        language: None,
        lifetime: Lifetime::MAILED,
        reminders: None,
        slots: vec![SlotRef {
            slot_id: workflow.slots[0].id.clone(),
            workflow_id: workflow.id,
        }],
    };
    scene
        .write(async |tx| {
            let queued = tx.request_create(new, "staff").await?;
            tx.request_send(&queued.id, "staff").await
        })
        .await
}

#[tokio::test]
async fn held_back_addresses_are_searched_and_let_go() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let path = "/dashboard/email/held-back";
    staff.get(path).await.ok().says("No address is held back");
    let request = asked(&scene).await;
    scene.mails().await;
    let mails = scene.read(async |tx| tx.mails_of(&request.id).await).await;
    let bounced = DeliveryNews::Bounced {
        detail: "550 nobody here".to_owned(),
    };
    scene
        .write(async |tx| tx.mail_news(&mails[0].id, &bounced).await)
        .await;
    let page = staff.get(path).await;
    page.ok()
        .says(CLIENT)
        .says("A mail came back")
        .says("550 nobody here");
    staff
        .get(&format!("{path}?q=GLOBEX"))
        .await
        .ok()
        .says(CLIENT);
    staff
        .get(&format!("{path}?q=%25"))
        .await
        .ok()
        .says("No such address is held back");
    let gone = post(&mut staff, path, &page, &[("email", CLIENT)]).await;
    assert_eq!(gone.led_to(), path);
    staff.get(path).await.ok().says("No address is held back");
    let twice = post(&mut staff, path, &page, &[("email", CLIENT)]).await;
    twice.page(StatusCode::NOT_FOUND);
}
