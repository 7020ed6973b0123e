use http::StatusCode;
use latchkey_tenants::Role;

use super::clients::{connected, submit};
use crate::people::scene::Scene;

const PATH: &str = "/dashboard/audit";
const EXPORT: &str = "/dashboard/audit/export";

#[tokio::test]
async fn t5_the_log_is_read_filtered_and_found_whole() {
    let scene = Scene::start().await;
    let mut owner = scene.staff().await;
    let id = connected(&scene).await;
    let all = owner.get(PATH).await;
    all.ok()
        .says("Connection active")
        .says("the system")
        .says("Workspace created");
    let about = owner.get(&format!("{PATH}?subject={id}")).await;
    about
        .ok()
        .says("Connection active")
        .does_not_say("Workspace created</strong>");
    let kind = owner.get(&format!("{PATH}?kind=workspace.created")).await;
    kind.ok().says("Workspace created</strong>");
    let by = owner.get(&format!("{PATH}?actor=operator")).await;
    by.ok().says("Agency created</strong>");
    let dates = "?since=2026-11-23&until=2026-11-23";
    let day = owner.get(&format!("{PATH}{dates}")).await;
    day.ok().says("Agency created</strong>");
    let none = owner.get(&format!("{PATH}?until=2026-11-22")).await;
    none.ok().says("No such lines");
    owner.get("/dashboard/audit/check").await.ok().says("Whole");
    owner
        .get(&format!("{PATH}?after=x"))
        .await
        .page(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_log_is_taken_along_as_csv_and_as_json_lines() {
    let scene = Scene::start().await;
    let mut owner = scene.staff().await;
    let csv = submit(&mut owner, PATH, EXPORT, &[("format", "csv")]).await;
    assert_eq!(csv.status, StatusCode::OK);
    let lines: Vec<_> = csv.body.trim_end().split("\r\n").collect();
    assert_eq!(lines[0], "seq,created_at,type,actor,subject,data,hash");
    assert!(lines.last().unwrap().starts_with("\"1\","));
    let name = csv.headers["content-disposition"].to_str().unwrap();
    assert!(name.ends_with("audit-log-2026-11-23.csv\""), "{name}");
    let filter = [("format", "jsonl"), ("kind", "audit.exported")];
    let json = submit(&mut owner, PATH, EXPORT, &filter).await;
    let lines: Vec<serde_json::Value> = json
        .body
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2, "both exports are in the log");
    assert_eq!(lines[0]["data"]["format"], "jsonl");
}

#[tokio::test]
async fn the_log_is_for_those_who_manage() {
    let scene = Scene::start().await;
    let mut member = scene.joined("ad@northwind.example", Role::Member).await;
    for path in [PATH, "/dashboard/audit/check"] {
        member.get(path).await.page(StatusCode::FORBIDDEN);
    }
    let refused = submit(&mut member, "/dashboard", EXPORT, &[]).await;
    refused.page(StatusCode::FORBIDDEN);
}
