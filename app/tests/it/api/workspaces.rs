use serde_json::json;

use super::client::Api;

#[tokio::test]
async fn a_workspace_is_made_shown_and_listed_newest_first() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    let made = agency
        .post("/workspaces", json!({"name": " Globex ", "slug": "globex"}))
        .await
        .expect(201);
    assert_eq!(made["name"], "Globex");
    assert_eq!(made["created_at"], "2026-11-23T07:00:00Z");
    let id = made["id"].as_str().unwrap();
    assert!(id.starts_with("wsp_"));
    let shown = agency.get(&format!("/workspaces/{id}")).await.expect(200);
    assert_eq!(shown, made);

    api.app
        .test
        .clock
        .advance(std::time::Duration::from_secs(1));
    let second = json!({"name": "Initech", "slug": "initech"});
    let second = agency.post("/workspaces", second).await.expect(201);
    let list = agency.get("/workspaces").await.expect(200);
    assert_eq!(list, json!({"data": [second, made], "next_cursor": null}));
}

#[tokio::test]
async fn a_slug_is_taken_once_and_refused_with_its_rule() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    let new = json!({"name": "Globex", "slug": "globex"});
    agency.post("/workspaces", new.clone()).await.expect(201);
    let again = agency.post("/workspaces", new.clone()).await;
    assert_eq!((again.status.as_u16(), again.code()), (409, "slug_taken"));
    api.agency("southwind")
        .await
        .post("/workspaces", new)
        .await
        .expect(201);

    let refused = agency
        .post("/workspaces", json!({"name": "Globex", "slug": "Globex!"}))
        .await;
    let (pointer, detail) = refused.refused();
    assert_eq!(pointer, "/slug");
    assert!(detail.starts_with("a slug has 2 to 50"), "{detail}");
}

#[tokio::test]
async fn pages_follow_each_other_to_the_end() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    for number in 0..5 {
        let new = json!({"name": "Globex", "slug": format!("globex-{number}")});
        agency.post("/workspaces", new).await.expect(201);
        api.app
            .test
            .clock
            .advance(std::time::Duration::from_millis(1));
    }
    let mut seen = Vec::new();
    let mut path = "/workspaces?limit=2".to_owned();
    loop {
        let page = agency.get(&path).await.expect(200);
        let rows = page["data"].as_array().unwrap();
        seen.extend(
            rows.iter()
                .map(|row| row["slug"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/workspaces?cursor={cursor}&limit=2");
    }
    assert_eq!(
        seen,
        ["globex-4", "globex-3", "globex-2", "globex-1", "globex-0"]
    );
}

#[tokio::test]
async fn a_wrong_page_names_the_parameter() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    for (query, parameter, detail) in [
        ("limit=0", "limit", "a number from 1 to 100 is expected"),
        ("limit=101", "limit", "a number from 1 to 100 is expected"),
        (
            "limit=99999999999999999999",
            "limit",
            "a number from 1 to 100 is expected",
        ),
        ("limit=5&limit=5", "limit", "is given twice"),
        (
            "cursor=nonsense",
            "cursor",
            "a `next_cursor` of this list is expected",
        ),
        (
            "cursor=",
            "cursor",
            "a `next_cursor` of this list is expected",
        ),
        (
            "cursor=%ff%00",
            "cursor",
            "a `next_cursor` of this list is expected",
        ),
        ("limt=5", "limt", "is not known; did you mean `limit`?"),
    ] {
        let answer = agency.get(&format!("/workspaces?{query}")).await;
        assert_eq!(answer.refused(), (parameter, detail), "{query}");
    }
}
