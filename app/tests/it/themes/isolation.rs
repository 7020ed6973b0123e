//! A theme of one agency never reaches another's host: every route, every way to name a host.

use http::Method;
use latchkey_tenants::DomainState;
use latchkey_themes::{Package, Theme};

use super::scene::{Program, marked, packed};
use crate::support::{raw, raw_with, world::World};

const MARKS: [&str; 4] = ["template-north", "text-north", "style-north", "635bfe"];

/// Every page that the app answers a GET on, and a few addresses besides, with ids of the agency whose theme must not show.
fn paths(sent: &crate::support::world::Sent, ctx: &str, assets: &[String]) -> Vec<String> {
    let link = sent.link.split_once("/connect/").unwrap().1;
    let id_of = |name: &str| match name {
        "request" => sent.request.id.to_string(),
        "item" => sent.request.items[0].id.to_string(),
        "ctx" => ctx.to_owned(),
        _ => "x".to_owned(),
    };
    let path = |pattern: &str| {
        let parts = pattern.split('/').map(|part| match part.strip_prefix('{') {
            Some(name) => id_of(name.trim_end_matches('}')),
            None => part.to_owned(),
        });
        parts.collect::<Vec<_>>().join("/")
    };
    let pages = latchkey_app::page_routes().into_iter();
    let pages = pages.filter(|(method, _)| *method == Method::GET);
    let mut paths: Vec<String> = pages.map(|(_, pattern)| path(pattern)).collect();
    assert!(paths.len() > 20, "{paths:?}");
    paths.extend([
        "/nothing".to_owned(),
        format!("/connect/{link}"),
        format!("/oauth/callback/{ctx}?code=x&state=y"),
        "/preview/x".to_owned(),
        "/api/v1/themes".to_owned(),
        "/api/v1/openapi.json".to_owned(),
        "/assets/000000000000.css".to_owned(),
        "/assets/..%2f..%2ftheme.json".to_owned(),
    ]);
    paths.extend(assets.iter().cloned());
    paths
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story")]
async fn t2_no_route_of_another_host_shows_anything_of_a_theme() {
    let world = World::start().await;
    world
        .test
        .domain(
            &world.north.agency,
            "connect.north.example",
            DomainState::Live,
        )
        .await;
    world
        .test
        .domain(
            &world.south.agency,
            "connect.south.example",
            DomainState::Live,
        )
        .await;
    let (north, south) = (
        Program::of(&world, &world.north).await,
        Program::of(&world, &world.south).await,
    );
    north.published("north", "#635bfe").await;
    south.published("south", "#0b7a4b").await;
    world.forget_hosts();
    let theme = Theme::compile_live(&packed(&marked("north", "#635bfe"))).unwrap();
    let base = Theme::base();
    let own = theme
        .assets()
        .iter()
        .filter(|asset| base.assets().iter().all(|known| known.path != asset.path));
    let own: Vec<String> = own.map(|asset| asset.path.clone()).collect();
    assert!(!own.is_empty());
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let ctx = world.ctx(&world.north, "acme-crm").await;
    let paths = paths(&sent, &ctx, &own);
    for host in ["northwind.latch.example", "connect.north.example"] {
        for path in &own {
            let file = raw(&world.router, host, path).await;
            assert_eq!(file.status.as_u16(), 200, "{host}{path}");
        }
    }
    let strangers = [
        "southpaw.latch.example",
        "connect.south.example",
        "preview.latch.example",
        "latch.example",
        "nobody.latch.example",
        "nobody.example",
        "x.connect.north.example",
        "connect.north.example.evil.example",
        "connect.north.example@southpaw.latch.example",
        "southpaw.latch.example,connect.north.example",
        "",
    ];
    let tricks = [
        ("x-forwarded-host", "connect.north.example"),
        ("forwarded", "host=connect.north.example"),
        ("x-host", "connect.north.example"),
        ("x-original-host", "connect.north.example"),
        ("referer", "https://connect.north.example/"),
        ("origin", "https://connect.north.example"),
    ];
    for host in strangers {
        for path in &paths {
            for extra in [&tricks[..0], &tricks[..]] {
                let answer = raw_with(&world.router, host, path, extra).await;
                let headers = format!("{:?}", answer.headers);
                for mark in MARKS {
                    assert!(!answer.body.contains(mark), "{host}{path} shows {mark}");
                    assert!(!headers.contains(mark), "{host}{path} shows {mark}");
                }
                if own.contains(path) {
                    assert_ne!(answer.status.as_u16(), 200, "{host}{path}");
                }
            }
        }
    }
    // An address that names another host than its header does.
    for path in &own {
        let address = format!("https://connect.north.example{path}");
        let answer = raw(&world.router, "connect.south.example", &address).await;
        assert_ne!(answer.status.as_u16(), 200, "{address}");
    }
}

#[tokio::test]
async fn t2_files_of_drafts_and_of_nobody_are_not_served_and_those_of_before_are() {
    let world = World::start().await;
    let program = Program::of(&world, &world.north).await;
    let files = |package: &Package| -> Vec<String> {
        let theme = Theme::compile_live(package).unwrap();
        theme
            .assets()
            .iter()
            .map(|asset| asset.path.clone())
            .collect()
    };
    let css = |mark: &str| files(&packed(&marked(mark, "#635bff"))).pop().unwrap();
    program.draft("draft", "#635bff").await;
    program.published("one", "#635bff").await;
    program.published("two", "#635bff").await;
    let status = async |path: String| {
        raw(&world.router, "northwind.latch.example", &path)
            .await
            .status
            .as_u16()
    };
    assert_eq!(status(css("draft")).await, 404);
    assert_eq!(
        status(css("one")).await,
        200,
        "open pages and sent mails link to it"
    );
    assert_eq!(status(css("two")).await, 200);
}

#[tokio::test]
async fn t2_the_same_package_at_two_agencies_speaks_for_each_alone() {
    let world = World::start().await;
    for tenant in [&world.north, &world.south] {
        Program::of(&world, tenant)
            .await
            .published("same", "#635bff")
            .await;
    }
    world.forget_hosts();
    for (tenant, other) in [(&world.north, &world.south), (&world.south, &world.north)] {
        let sent = world.ask(tenant, &["acme-crm"]).await;
        let (_, page) = world.opened(tenant, &sent).await;
        assert!(page.body.contains("template-same"));
        assert!(page.body.contains(tenant.agency.name.as_str()));
        assert!(!page.body.contains(other.agency.name.as_str()));
    }
}
