use std::time::Duration;

use latchkey_tenants::Role;

use crate::{
    console::clients::connected,
    people::scene::{CLIENT, Scene, path_in, post},
    support::browser::{Answer, Browser},
};

/// One more than stands on a page.
const ALL: usize = 51;

fn listed(page: &Answer) -> usize {
    page.ok().body.matches("<th scope=\"row\">").count()
}

async fn walk(browser: &mut Browser, path: &str) {
    let page = browser.get(path).await;
    assert_eq!(listed(&page), ALL - 1);
    let older = path_in(&page.body, &format!("{path}?before="));
    let rest = browser.get(&older).await;
    assert_eq!(listed(&rest), 1);
    rest.does_not_say(&format!("{path}?before="));
    for nonsense in ["?before=", "?before=x", "?before=con_1"] {
        let page = browser.get(&format!("{path}{nonsense}")).await;
        assert_eq!(listed(&page), ALL - 1, "{nonsense}");
    }
}

#[tokio::test]
async fn more_connections_than_stand_on_a_page_are_reached_page_by_page() {
    let scene = Scene::start().await;
    for _ in 0..ALL {
        connected(&scene).await;
    }
    // Their mails are late: nobody needs them.
    scene.app.test.clock.advance(Duration::from_hours(24 * 8));
    scene.mails().await;
    let mut browser = scene.browser();
    let page = browser.get("/my-connections").await;
    let fields = [("email", CLIENT)];
    post(&mut browser, "/my-connections", &page, &fields)
        .await
        .ok();
    let link = path_in(&scene.mail().await, "/my-connections/open/");
    browser.get(&link).await.led_to();
    walk(&mut browser, "/my-connections").await;
    let mut client = scene.joined(CLIENT, Role::Client).await;
    walk(&mut client, "/portal/connections").await;
}
