use std::time::Duration;

use http::StatusCode;
use latchkey_tenants::DomainState;
use serde_json::json;
use url::Url;

use super::scene::{Program, stylesheets};
use crate::support::{raw, world::World};

#[tokio::test]
async fn a_preview_shows_a_draft_in_a_sandbox_on_a_host_of_nobody() {
    let mut world = World::start().await;
    world.move_to("connect.northwind.example").await;
    let program = Program::of(&world, &world.north).await;
    let id = program.draft("one", "#635bff").await;
    let wish = json!({"page": "connect", "mode": "dark"});
    let (status, made) = program.post(&format!("/themes/{id}/preview"), wish).await;
    assert_eq!(status, 201, "{made}");
    let url: Url = made["url"].as_str().unwrap().parse().unwrap();
    assert_eq!(url.host_str(), Some("preview.latch.example"));
    let page = raw(&world.router, "preview.latch.example", url.path()).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(page.body.contains("template-one") && page.body.contains("--accent:#635bff"));
    assert!(page.body.contains("color-scheme:dark!important"));
    assert!(
        !page.body.contains("<script") && !page.body.contains("http-equiv"),
        "nothing that the sandbox would refuse"
    );
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.starts_with("sandbox; default-src 'none'"),
        "{policy}"
    );
    let frames =
        "frame-ancestors https://northwind.latch.example https://connect.northwind.example";
    assert!(policy.ends_with(frames), "{policy}");
    assert_eq!(page.headers["x-robots-tag"], "noindex");
    assert_eq!(page.headers["cache-control"], "no-store");
    assert!(
        !page.body.contains("\"/assets/"),
        "every file is of the preview"
    );
    let css = stylesheets(&page.body).pop().unwrap();
    let css = raw(&world.router, "preview.latch.example", &css).await;
    assert_eq!(css.status, StatusCode::OK);
    assert!(css.body.contains(".mone"), "{}", css.body);
    assert_eq!(css.headers["access-control-allow-origin"], "*");
    assert_eq!(css.headers["cross-origin-resource-policy"], "cross-origin");
}

#[tokio::test]
async fn a_mail_has_a_preview_and_a_wrong_wish_names_what_there_is() {
    let world = World::start().await;
    let program = Program::of(&world, &world.north).await;
    let id = program.draft("one", "#635bff").await;
    let path = format!("/themes/{id}/preview");
    let (status, made) = program.post(&path, json!({"page": "mails/request"})).await;
    assert_eq!(status, 201, "{made}");
    let url: Url = made["url"].as_str().unwrap().parse().unwrap();
    let mail = raw(&world.router, "preview.latch.example", url.path()).await;
    assert!(mail.body.contains("northwind agency"), "{}", mail.body);
    for (wish, pointer, names) in [
        (json!({"page": "nonsense"}), "/page", "connect"),
        (
            json!({"page": "connect", "sample": "nonsense"}),
            "/sample",
            "half",
        ),
        (json!({"page": "mails/nonsense"}), "/page", "mails/request"),
    ] {
        let (status, problem) = program.post(&path, wish).await;
        assert_eq!(status, 422);
        assert_eq!(problem["errors"][0]["pointer"], pointer);
        assert!(
            problem["errors"][0]["detail"]
                .as_str()
                .unwrap()
                .contains(names),
            "{problem}"
        );
    }
    let (status, _) = program
        .post(&path, json!({"page": "connect", "sample": "half"}))
        .await;
    assert_eq!(status, 201);
}

#[tokio::test]
async fn a_ticket_is_good_for_a_day_at_home_and_as_it_is() {
    let world = World::start().await;
    world
        .test
        .domain(
            &world.south.agency,
            "connect.south.example",
            DomainState::Live,
        )
        .await;
    let program = Program::of(&world, &world.north).await;
    let id = program.draft("one", "#635bff").await;
    let (_, made) = program
        .post(&format!("/themes/{id}/preview"), json!({}))
        .await;
    let url: Url = made["url"].as_str().unwrap().parse().unwrap();
    let at = async |host: &str, path: &str| {
        let page = raw(&world.router, host, path).await;
        assert_eq!(
            page.status == StatusCode::OK,
            page.body.contains("template-one")
        );
        page.status
    };
    let home = "preview.latch.example";
    assert_eq!(at(home, url.path()).await, StatusCode::OK);
    for host in [
        "northwind.latch.example",
        "southpaw.latch.example",
        "connect.south.example",
    ] {
        assert_eq!(at(host, url.path()).await, StatusCode::NOT_FOUND, "{host}");
    }
    let ticket = url.path().strip_prefix("/preview/").unwrap();
    let (north, sealed) = ticket.split_once('.').unwrap();
    let south = world.south.agency.id.as_str();
    let mut flipped = sealed.to_owned();
    flipped.replace_range(40..41, if &sealed[40..41] == "A" { "B" } else { "A" });
    for wrong in [
        format!("{south}.{sealed}"),
        format!("{north}.{flipped}"),
        format!("{north}.{}", &sealed[..sealed.len() - 4]),
        format!("{north}."),
        north.to_owned(),
        "x".repeat(5000),
    ] {
        assert_eq!(
            at(home, &format!("/preview/{wrong}")).await,
            StatusCode::NOT_FOUND,
            "{wrong}"
        );
    }
    world.test.clock.advance(Duration::from_hours(24));
    assert_eq!(at(home, url.path()).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_host_of_previews_has_nothing_else() {
    let world = World::start().await;
    world.test.store.preview_host_add().await.unwrap();
    for path in [
        "/",
        "/connect/lk_link_x",
        "/connect/requests/req_01kc76xp00hezapqm44qap4thw",
    ] {
        let page = raw(&world.router, "preview.latch.example", path).await;
        assert!(page.status.is_client_error(), "{path}");
        assert!(!page.body.contains("agency"), "{path}");
    }
}
