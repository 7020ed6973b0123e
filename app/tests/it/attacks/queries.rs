use http::StatusCode;

use crate::support::world::{World, come_back};

#[tokio::test]
async fn o20_duplicated_and_overlong_parameters_are_refused_before_anything_happens() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
    let good = world.crm.consent(&screen);
    let mut additions = [
        "code=x",
        "state=x",
        "c%6fde=x",
        "iss=a&iss=b",
        "error=a&error=b",
    ]
    .map(str::to_owned)
    .to_vec();
    additions.push(format!("x={}", "y".repeat(8 * 1024 + 1)));
    additions.push(format!("{}=x", "y".repeat(8 * 1024 + 1)));
    let many: Vec<_> = (0..33).map(|index| format!("p{index}=x")).collect();
    additions.push(many.join("&"));
    for addition in additions {
        for url in [
            format!("{}&{addition}", good.url()),
            good.url().replacen('?', &format!("?{addition}&"), 1),
        ] {
            let answer = browser.get(&url).await;
            answer.page(StatusCode::BAD_REQUEST).does_not_say("yyyy");
        }
    }
    assert!(world.crm.asked().is_empty());
    assert!(world.failures(&world.north).await.is_empty());
    come_back(&mut browser, &good).await.says("All done");
}

#[tokio::test]
async fn o20_unknown_parameters_do_not_disturb() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
    let mut callback = world.crm.consent(&screen);
    callback
        .set("session_state", "abc")
        .set("prompt", "consent")
        .set("empty", "");
    come_back(&mut browser, &callback).await.says("All done");
}

#[tokio::test]
async fn o20_a_form_field_that_comes_twice_is_refused() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    let (csrf, item) = (page.csrf(), &sent.request.items[0]);
    for path in [
        format!("/connect/items/{}/start", item.id),
        format!("/connect/items/{}/decline", item.id),
    ] {
        let twice = [("csrf", csrf.as_str()), ("csrf", csrf.as_str())];
        browser
            .post(&path, &twice)
            .await
            .page(StatusCode::BAD_REQUEST);
    }
    world.assert_nothing_connected(&world.north, &sent).await;
}
