use futures_util::future::join;
use latchkey_tenants::{EventType, MailKind};

use crate::support::world::{World, come_back, start};

#[tokio::test]
async fn two_flows_of_one_item_connect_it_once_and_spoil_nothing() {
    for apps in [&["acme-crm"][..], &["acme-crm", "globe-mail"]] {
        let world = World::start().await;
        let sent = world.ask(&world.north, apps).await;
        let (mut one, page) = world.opened(&world.north, &sent).await;
        let first = start(&mut one, &page, &sent.request.items[0]).await;
        let second = start(&mut one, &page, &sent.request.items[0]).await;
        let (first, second) = (world.crm.consent(&first), world.crm.consent(&second));
        let mut two = one.clone();
        let (first, second) = (first.url(), second.url());
        let (a, b) = join(one.get(&first), two.get(&second)).await;
        assert_eq!(a.led_to(), b.led_to());
        let page = one.get(&a.led_to()).await;
        page.ok().says(&format!("1 of {} connected", apps.len()));
        assert_eq!(world.crm.token_requests().len(), 2, "both codes were good");
        assert_eq!(world.connections(&world.north).await.len(), 1);
        assert_eq!(
            world
                .events(&world.north, EventType::ItemFulfilled)
                .await
                .len(),
            1
        );
        // At many providers both are the same grant, so the second one is not given back.
        assert!(world.crm.asked_for("/revoke").is_empty());
        let mails = world.mails(&world.north, &sent.request.id).await;
        let told = mails
            .iter()
            .filter(|mail| mail.kind == MailKind::AllConnected)
            .count();
        assert_eq!(told, usize::from(apps.len() == 1));
    }
}

#[tokio::test]
async fn the_same_return_twice_at_once_trades_its_code_once() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut one, screen) = world.at_consent(&world.north, &sent).await;
    let url = world.crm.consent(&screen).url();
    let mut two = one.clone();
    let (a, b) = join(one.get(&url), two.get(&url)).await;
    assert_eq!(a.led_to(), b.led_to());
    assert_eq!(world.crm.token_requests().len(), 1);
    one.get(&a.led_to()).await.ok().says("All done");
}

#[tokio::test]
async fn two_people_with_the_same_link_connect_it_once() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm", "globe-mail"]).await;
    let (mut jo, jo_page) = world.opened(&world.north, &sent).await;
    let (mut kim, kim_page) = world.opened(&world.north, &sent).await;
    let item = &sent.request.items[0];
    let jos = start(&mut jo, &jo_page, item).await;
    let kims = start(&mut kim, &kim_page, item).await;
    come_back(&mut jo, &world.crm.consent(&jos))
        .await
        .says("1 of 2 connected");
    come_back(&mut kim, &world.crm.consent(&kims))
        .await
        .says("1 of 2 connected");
    assert_eq!(world.connections(&world.north).await.len(), 1);
}
