//! Which language a page speaks.

use axum::body::Body;
use http::{Method, StatusCode, header};

use crate::support::{
    browser::{Answer, Browser},
    world::{Sent, World},
};

async fn look(browser: &mut Browser, path: &str, accepts: &str) -> Answer {
    let request = browser
        .request(Method::GET, path)
        .header(header::ACCEPT_LANGUAGE, accepts)
        .body(Body::empty());
    browser.send(request.unwrap()).await
}

/// The page of a request that says which language it speaks, as this browser is shown it.
async fn page_in(world: &World, sent: &Sent, accepts: &str) -> Answer {
    let (mut browser, _) = world.opened(&world.north, sent).await;
    let path = format!("/connect/requests/{}", sent.request.id);
    look(&mut browser, &path, accepts).await
}

#[tokio::test]
async fn a_page_speaks_what_the_browser_likes_best_else_the_agencys_language() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let german = page_in(&world, &sent, "de-AT,de;q=0.9,en;q=0.5").await;
    german
        .page(StatusCode::OK)
        .says("<html lang=\"de\" dir=\"ltr\">");
    // Its permissions are the agency's own words.
    german
        .says("0 von 1 verbunden")
        .says("<span dir=\"auto\">Read your contacts</span>");
    let arabic = page_in(&world, &sent, "ar").await;
    arabic.says("<html lang=\"ar\" dir=\"rtl\">");
    let unknown = page_in(&world, &sent, "pl").await;
    unknown
        .says("<html lang=\"en\" dir=\"ltr\">")
        .says("0 of 1 connected");
}

#[tokio::test]
async fn permissions_speak_the_language_of_the_page_or_say_which_they_are_in() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["slack", "shopify"]).await;
    for (accepts, permission, question) in [
        (
            "de",
            "<span>Den Namen Ihres Arbeitsbereichs ansehen</span>",
            "<span>Die Adresse Ihres Shopify-Shops</span>",
        ),
        (
            "ar",
            "<span>الاطلاع على اسم مساحة عملكم</span>",
            "<span>عنوان متجركم على Shopify</span>",
        ),
        (
            "pl",
            "<span>See the name of your workspace</span>",
            "<span>The address of your Shopify shop</span>",
        ),
    ] {
        let page = page_in(&world, &sent, accepts).await;
        page.says(permission).says(question);
    }
}

#[tokio::test]
async fn a_request_that_names_a_language_is_shown_in_it() {
    let world = World::start().await;
    let queued = world
        .queue(&world.north, vec![crate::support::world::slot("acme-crm")])
        .await;
    let mut new = world.as_new(&world.north, &queued);
    new.language = Some("fr".parse().unwrap());
    let french = world
        .write(&world.north, async |tx| {
            tx.request_create(new, "staff").await
        })
        .await;
    let sent = world.dispatch(&world.north, &french.id).await;
    let page = page_in(&world, &sent, "de").await;
    page.says("<html lang=\"fr\" dir=\"ltr\">")
        .says("Connecter");
}

#[tokio::test]
async fn errors_and_dead_links_speak_it_too() {
    let world = World::start().await;
    let mut browser = world.browser(&world.north);
    let missing = look(&mut browser, "/nowhere", "es").await;
    missing
        .page(StatusCode::NOT_FOUND)
        .says("Esta página no existe");
    let dead = look(&mut browser, "/connect/lk_link_nothing", "de").await;
    dead.page(StatusCode::NOT_FOUND)
        .says("Dieser Link lässt sich nicht öffnen.");
    let strange = look(&mut browser, "/nowhere", "\"><script>alert(1)</script>").await;
    strange
        .page(StatusCode::NOT_FOUND)
        .says("<html lang=\"en\"");
}
