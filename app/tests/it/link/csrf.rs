use axum::body::Body;
use http::{Method, StatusCode, header};

use crate::support::{
    browser::{CROSS_SITE, SAME_ORIGIN},
    world::{World, decline_path, start_path},
};

#[tokio::test]
async fn w6_a_form_needs_the_token_of_its_own_session() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let other = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    // A second session of the same link, and the same browser's session of another request.
    let (_, stranger) = world.opened(&world.north, &sent).await;
    let clean = browser.get(&other.link).await.led_to();
    let neighbour = browser.get(&clean).await;
    let (own, short) = (page.csrf(), &page.csrf()[1..].to_owned());
    let item = &sent.request.items[0];
    let forward = format!("/connect/items/{}/forward", item.id);
    for path in [start_path(item), decline_path(item), forward] {
        for token in [
            None,
            Some(""),
            Some("x"),
            Some(short),
            Some(&stranger.csrf()),
            Some(&neighbour.csrf()),
        ] {
            let field = token.map(|token| ("csrf", token));
            let answer = browser.post(&path, field.as_slice()).await;
            answer
                .page(StatusCode::FORBIDDEN)
                .says("This form could not be checked");
        }
        // The right token in the address is not in the form.
        let answer = browser.post(&format!("{path}?csrf={own}"), &[]).await;
        answer.page(StatusCode::FORBIDDEN);
    }
    world.assert_nothing_connected(&world.north, &sent).await;
}

#[tokio::test]
async fn w6_a_form_from_elsewhere_is_refused_even_with_the_right_token() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    let item = &sent.request.items[0];
    let csrf = page.csrf();
    let dead = browser.get("/connect/gone").await;
    let request = sent.request.id.as_str();
    for (path, token) in [
        (start_path(item), &csrf),
        (decline_path(item), &csrf),
        (format!("/connect/items/{}/forward", item.id), &csrf),
        ("/connect/gone/fresh".to_owned(), &dead.csrf()),
        (format!("/connect/requests/{request}/fresh"), &dead.csrf()),
        (format!("/connect/items/{}/fresh", item.id), &dead.csrf()),
    ] {
        for site in [
            CROSS_SITE,
            "same-site",
            "none",
            "Same-Origin",
            "same-origin, cross-site",
        ] {
            let answer = browser
                .post_from(Some(site), &path, &[("csrf", token)])
                .await;
            answer.page(StatusCode::FORBIDDEN);
        }
    }
    assert_eq!(world.mails(&world.north, &sent.request.id).await.len(), 1);
    world.assert_nothing_connected(&world.north, &sent).await;
    // A browser that does not say where it comes from has the token to show.
    browser
        .post_from(None, &start_path(item), &[("csrf", &csrf)])
        .await
        .consent_screen();
}

#[tokio::test]
async fn w6_a_fresh_link_is_not_asked_for_without_the_page() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let secret = sent.link.rsplit('/').next().unwrap();
    let paths = [
        format!("/connect/{secret}/fresh"),
        format!("/connect/requests/{}/fresh", sent.request.id),
        format!("/connect/items/{}/fresh", sent.request.items[0].id),
    ];
    let token = world
        .browser(&world.north)
        .get("/connect/gone")
        .await
        .csrf();
    for path in &paths {
        let mut browser = world.browser(&world.north);
        browser.post(path, &[]).await.page(StatusCode::FORBIDDEN);
        browser
            .post(path, &[("csrf", &token)])
            .await
            .page(StatusCode::FORBIDDEN);
        browser.get("/connect/gone").await;
        browser
            .post(path, &[("csrf", &token)])
            .await
            .page(StatusCode::FORBIDDEN);
        browser.get(path).await.page(StatusCode::METHOD_NOT_ALLOWED);
    }
    assert_eq!(world.mails(&world.north, &sent.request.id).await.len(), 1);
}

#[tokio::test]
async fn w6_a_body_that_is_no_form_is_refused() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    let path = start_path(&sent.request.items[0]);
    let form = format!("csrf={}", page.csrf());
    let giant = format!("{form}&x={}", "y".repeat(300 * 1024));
    for (kind, body) in [
        ("text/plain", form.clone().into_bytes()),
        ("multipart/form-data; boundary=x", form.clone().into_bytes()),
        ("application/json", form.clone().into_bytes()),
        ("application/x-www-form-urlencoded", vec![0xff, 0xfe]),
        ("application/x-www-form-urlencoded", giant.into_bytes()),
    ] {
        let request = browser
            .request(Method::POST, &path)
            .header(header::CONTENT_TYPE, kind)
            .header("sec-fetch-site", SAME_ORIGIN);
        let answer = browser.send(request.body(Body::from(body)).unwrap()).await;
        answer
            .page(StatusCode::BAD_REQUEST)
            .says("This form could not be read");
    }
    world.assert_nothing_connected(&world.north, &sent).await;
}
