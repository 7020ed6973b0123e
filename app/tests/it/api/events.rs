use serde_json::json;

use super::{
    client::Api,
    world::{World, text},
};

#[tokio::test]
async fn the_log_says_who_did_what_newest_first() {
    let api = Api::start().await;
    let world = World::of(api.agency("northwind").await).await;
    let request = text(&world.request["id"]);
    let lines = world
        .client
        .get(&format!("/events?subject={request}"))
        .await
        .expect(200);
    let lines = lines["data"].as_array().unwrap();
    let kinds: Vec<_> = lines.iter().map(|line| text(&line["type"])).collect();
    assert_eq!(
        kinds,
        [
            "recipient.unsubscribed",
            "request.completed",
            "request.sent",
            "request.created"
        ]
    );
    assert!(text(&lines[2]["actor"]).starts_with("api_key:key_"));
    assert_eq!(lines[1]["actor"], "system");

    let opened = world
        .client
        .get("/events?type=gate.opened")
        .await
        .expect(200);
    assert_eq!(opened["data"][0]["subject"], world.workflow["id"]);
    assert_eq!(opened["data"].as_array().unwrap().len(), 1);
    let wrong = world.client.get("/events?type=gate").await;
    assert_eq!(wrong.refused().0, "type");
}

#[tokio::test]
async fn the_log_is_read_page_by_page_without_gap() {
    let api = Api::start().await;
    let world = World::of(api.agency("northwind").await).await;
    let mut seen = Vec::new();
    let mut path = "/events?limit=3".to_owned();
    loop {
        let page = world.client.get(&path).await.expect(200);
        let rows = page["data"].as_array().unwrap().iter();
        seen.extend(rows.map(|line| line["seq"].as_i64().unwrap()));
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/events?limit=3&cursor={cursor}"),
            None => break,
        }
    }
    let newest = seen[0];
    let expected: Vec<_> = (1..=newest).rev().collect();
    assert_eq!(json!(seen), json!(expected));
}
