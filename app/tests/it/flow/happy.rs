use crate::support::world::{World, come_back, start};

#[tokio::test]
async fn two_apps_are_connected_one_after_the_other() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm", "globe-mail"]).await;
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    page.says("northwind agency needs you to connect 2 apps")
        .says("0 of 2 connected")
        .says("Apps to connect")
        .says("Awaiting authorisation")
        .says("Connect Acme Crm")
        .says("Read your contacts")
        .says("For your Monday report");

    let screen = start(&mut browser, &page, &sent.request.items[0]).await;
    let page = come_back(&mut browser, &world.crm.consent(&screen)).await;
    page.says("1 of 2 connected")
        .says("Acme Crm is connected.")
        .says("jo@globex.example");
    assert!(browser.cookies_like("__Host-flow").is_empty());

    let screen = start(&mut browser, &page, &sent.request.items[1]).await;
    let page = come_back(&mut browser, &world.mail.consent(&screen)).await;
    page.says("2 of 2 connected")
        .says("All done")
        .does_not_say("<form");

    let request = world.request(&world.north, &sent.request.id).await;
    assert_eq!(request.status.as_str(), "completed");
    for connection in world.connections(&world.north).await {
        assert_eq!(connection.status.as_str(), "active");
        assert_eq!(connection.account.unwrap().id, "account-1");
    }
    assert_eq!(
        (
            world.crm.token_requests().len(),
            world.mail.token_requests().len()
        ),
        (1, 1)
    );
}
