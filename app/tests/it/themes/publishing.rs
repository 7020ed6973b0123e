use http::Method;
use serde_json::json;

use super::scene::{Program, marked, packed, stylesheets};
use crate::support::world::World;

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story")]
async fn a_theme_is_uploaded_looked_at_published_and_rolled_back() {
    let world = World::start().await;
    let program = Program::of(&world, &world.north).await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, base) = world.opened(&world.north, &sent).await;
    let clean = format!("/connect/requests/{}", sent.request.id);

    let one = program.draft("one", "#635bff").await;
    let draft = program.get(&format!("/themes/{one}")).await;
    assert_eq!(
        (&draft["published"], &draft["published_at"]),
        (&json!(false), &json!(null))
    );
    assert_eq!(
        (&draft["kind"], &draft["name"]),
        (&json!("package"), &json!("Acme one"))
    );
    assert!(draft["report"]["findings"].is_array());
    assert_eq!(
        draft["hash"],
        packed(&marked("one", "#635bff")).hash.to_string()
    );
    let (status, again) = program.upload(&marked("one", "#635bff")).await;
    assert_eq!((status, &again["id"]), (200, &json!(one)));
    assert!(
        !browser.get(&clean).await.body.contains("template-one"),
        "a draft shows nowhere"
    );

    let published = program.publish(&one).await;
    assert_eq!(published["published"]["id"], one);
    let page = browser.get(&clean).await;
    page.ok();
    assert!(
        page.body.contains("template-one") && page.body.contains("text-one"),
        "{}",
        page.body
    );
    assert!(page.body.contains("--accent:#635bff"), "{}", page.body);
    let css = stylesheets(&page.body).pop().unwrap();
    let css = browser.get(&css).await;
    assert!(css.body.contains("mone"), "{}", css.body);
    assert_eq!(
        css.headers["cache-control"],
        "public, max-age=31536000, immutable"
    );
    assert_eq!(css.headers["x-content-type-options"], "nosniff");
    assert_eq!(css.headers["content-type"], "text/css; charset=utf-8");

    let two = program.published("two", "#b00020").await;
    assert!(browser.get(&clean).await.body.contains("template-two"));
    let (status, moved) = program
        .post(&format!("/themes/{one}/publish"), json!({"expected": one}))
        .await;
    assert_eq!((status, &moved["code"]), (409, &json!("theme_moved")));
    let (status, _) = program
        .post(&format!("/themes/{one}/publish"), json!({"expected": two}))
        .await;
    assert_eq!(status, 200);
    assert!(browser.get(&clean).await.body.contains("template-one"));
    let (status, _) = program.post("/themes/base/publish", json!({})).await;
    assert_eq!(status, 200);
    let back = browser.get(&clean).await.body;
    assert_eq!(stylesheets(&back), stylesheets(&base.body));

    let steps = program.get("/themes/publications").await;
    let whys: Vec<_> = steps["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["why"].as_str().unwrap())
        .collect();
    assert_eq!(
        whys,
        ["rolled_back", "rolled_back", "published", "published"]
    );
    assert_eq!(steps["data"][1]["from"], two);
    let (status, kept) = program
        .call(Method::DELETE, &format!("/themes/{one}"), "", Vec::new())
        .await;
    assert_eq!((status, &kept["code"]), (409, &json!("theme_not_draft")));
}

#[tokio::test]
async fn what_is_refused_is_answered_with_the_whole_report() {
    let world = World::start().await;
    let program = Program::of(&world, &world.north).await;
    let mut files = marked("bad", "#635bff");
    let page = "<!doctype html>\n<html><head>{{ slot.head }}</head>\n<body>{{ nothing.there }}{{ slot.legal }}</body></html>";
    files.insert("templates/pages/connect.html".to_owned(), page.into());
    let (status, problem) = program.upload(&files).await;
    assert_eq!((status, &problem["code"]), (422, &json!("theme_refused")));
    let findings = problem["report"]["findings"].as_array().unwrap();
    assert!(!findings.is_empty());
    for finding in findings {
        for field in ["level", "code", "file", "message", "fix"] {
            assert!(
                finding[field].as_str().is_some_and(|text| !text.is_empty()),
                "{finding}"
            );
        }
    }
    assert!(
        findings
            .iter()
            .any(|finding| finding["file"] == "templates/pages/connect.html"),
        "{findings:?}"
    );
    let (status, problem) = program
        .call(
            Method::POST,
            "/themes",
            "application/zip",
            b"PK no zip".to_vec(),
        )
        .await;
    assert_eq!((status, &problem["code"]), (422, &json!("theme_refused")));
    let (status, problem) = program
        .call(Method::POST, "/themes", "text/plain", b"x".to_vec())
        .await;
    assert_eq!(
        (status, &problem["code"]),
        (415, &json!("unsupported_media_type"))
    );
    let (status, problem) = program
        .call(Method::POST, "/themes", "application/zip", vec![0; 7 << 20])
        .await;
    assert_eq!((status, &problem["code"]), (413, &json!("body_too_large")));
    assert_eq!(program.get("/themes").await["data"], json!([]));
}

#[tokio::test]
async fn a_brand_kit_is_a_theme_in_two_minutes() {
    let world = World::start().await;
    let program = Program::of(&world, &world.north).await;
    let kit = json!({"name": "Northwind", "color": "#0b5fff"});
    let (status, theme) = program.post("/themes", kit).await;
    assert_eq!(
        (status, &theme["kind"]),
        (201, &json!("brand_kit")),
        "{theme}"
    );
    program.publish(theme["id"].as_str().unwrap()).await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (_, page) = world.opened(&world.north, &sent).await;
    assert!(page.body.contains("#0b5fff"), "{}", page.body);
    for wrong in [
        json!({"color": "blue"}),
        json!({"color": "#0b5fff", "logo": "!"}),
        json!({}),
    ] {
        let (status, _) = program.post("/themes", wrong).await;
        assert_eq!(status, 422);
    }
}

#[tokio::test]
async fn the_colour_of_the_published_kit_is_the_agencys_whichever_way_it_was_published() {
    let world = World::start().await;
    let program = Program::of(&world, &world.north).await;
    let color = async || {
        let agency = &world.north.agency.id;
        let mut tx = world.test.store.read(agency).await.unwrap();
        tx.agency_itself().await.unwrap().brand_color
    };
    let first = color().await;
    let (one, two) = (program.kit("#0b5fff").await, program.kit("#b00020").await);
    assert_eq!(color().await, first, "a draft changes nothing");
    program.publish(&one).await;
    assert_eq!(color().await, "#0b5fff");
    program.published("own", "#635bff").await;
    assert_eq!(color().await, "#0b5fff", "a package's is its pages' alone");
    program.publish(&two).await;
    assert_eq!(color().await, "#b00020");
    program.publish(&one).await;
    assert_eq!(color().await, "#0b5fff", "rolled back with the kit");
    program.post("/themes/base/publish", json!({})).await;
    assert_eq!(
        color().await,
        "#0b5fff",
        "the base theme has none of its own"
    );
}

#[tokio::test]
async fn a_package_comes_back_as_it_is_kept() {
    let world = World::start().await;
    let program = Program::of(&world, &world.north).await;
    let id = program.draft("one", "#635bff").await;
    let files = marked("one", "#635bff");
    let zip = packed(&files).to_zip();
    let kept = program.package(&id).await;
    assert_eq!(kept, zip);
}

#[tokio::test]
async fn a_mail_is_written_with_the_theme_of_its_moment() {
    let world = World::start().await;
    let program = Program::of(&world, &world.north).await;
    program.published("one", "#635bff").await;
    let one = world.ask(&world.north, &["acme-crm"]).await;
    program.published("two", "#b00020").await;
    let two = world.ask(&world.north, &["acme-crm"]).await;
    let mut written = Vec::new();
    for sent in [&one, &two] {
        let mails = world.mails(&world.north, &sent.request.id).await;
        written.push(mails[0].theme.clone().unwrap());
    }
    let hash = |mark, color| packed(&marked(mark, color)).hash.to_string();
    assert_eq!(written, [hash("one", "#635bff"), hash("two", "#b00020")]);
}
