use http::StatusCode;
use latchkey_tenants::Role;
use serde_json::Value;

use super::clients::{connected, submit};
use crate::people::scene::{CLIENT, Scene};

const PATH: &str = "/dashboard/workspaces";
const NEW: &str = "/dashboard/workspaces/new";
const UNKNOWN: &str = "wsp_01kc76xp00hezapqm44qap4thw";

#[tokio::test]
async fn a_workspace_is_made_found_shown_and_renamed() {
    let scene = Scene::start().await;
    let mut staff = scene.joined("ad@northwind.example", Role::Member).await;
    let made = submit(&mut staff, NEW, NEW, &[("name", "Initech & Co")]).await;
    let path = made.led_to();
    staff
        .get(&path)
        .await
        .ok()
        .says("Initech &amp; Co is there")
        .says("initech-co")
        .says("Nobody was asked");
    let id = path.strip_prefix("/dashboard/workspaces/").unwrap();
    let (ask, add) = ("/dashboard/requests/new", "/dashboard/workflows/new");
    staff
        .get(&path)
        .await
        .says(&format!("href=\"{ask}?workspace={id}\">New request"))
        .says(&format!("href=\"{ask}?workspace={id}\">Ask somebody"))
        .says(&format!("href=\"{add}?workspace={id}\">Add a workflow"));
    let taken = [("name", "Other"), ("slug", "globex")];
    let refused = submit(&mut staff, NEW, NEW, &taken).await;
    refused
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("A workspace with the slug")
        .says("value=\"Other\"");
    let refused = submit(&mut staff, NEW, NEW, &[("name", "日本")]).await;
    refused
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("A slug has 2 to 50");
    staff
        .get(&format!("{PATH}?q=init"))
        .await
        .ok()
        .says("Initech")
        .does_not_say("Globex");
    staff
        .get(&format!("{PATH}?q=nobody"))
        .await
        .ok()
        .says("No such workspace");
    let named = submit(
        &mut staff,
        &path,
        &format!("{path}/rename"),
        &[("name", "Tech")],
    )
    .await;
    assert_eq!(named.led_to(), path);
    staff.get(&path).await.says("It is called Tech now");
    let wrong = submit(
        &mut staff,
        &path,
        &format!("{path}/rename"),
        &[("name", &"x".repeat(201))],
    )
    .await;
    wrong
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("A name has 1 to 200")
        .says(&format!("value=\"{}\"", "x".repeat(201)));
}

#[tokio::test]
async fn what_is_in_a_workspace_stands_on_its_page_and_in_its_export() {
    let scene = Scene::start().await;
    let mut owner = scene.staff().await;
    scene.joined(CLIENT, Role::Client).await;
    let id = connected(&scene).await;
    let path = format!("{PATH}/{}", scene.workspace);
    owner
        .get(&path)
        .await
        .ok()
        .says(&format!("/dashboard/connections/{id}"))
        .says("Sync slack")
        .says("1 of 1 connected")
        .says(CLIENT);
    let person = format!("href=\"/dashboard/people/{}\"", scene.member(CLIENT).await);
    owner.get(&path).await.says(&person);
    owner.get("/dashboard/people/clients").await.says(&person);
    let file = submit(&mut owner, &path, &format!("{path}/export"), &[]).await;
    assert_eq!(file.status, StatusCode::OK);
    let name = file.headers["content-disposition"].to_str().unwrap();
    assert!(name.ends_with("globex-2026-11-23.json\""), "{name}");
    let all: Value = serde_json::from_str(&file.body).unwrap();
    assert_eq!(all["workspace"]["slug"], "globex");
    assert_eq!(all["connections"][0]["id"], id.as_str());
    assert_eq!(all["members"][0]["email"], CLIENT);
    assert_eq!(all["requests"][0]["items"][0]["app"], "slack");
    assert_eq!(all["workflows"][0]["name"], "Sync slack");
    assert_eq!(all["invitations"], serde_json::json!([]));
    file.does_not_say("planted-access");
}

#[tokio::test]
async fn k6_the_owner_deletes_a_workspace_by_typing_its_name() {
    let scene = Scene::start().await;
    let mut owner = scene.staff().await;
    let mut client = scene.joined(CLIENT, Role::Client).await;
    connected(&scene).await;
    client.get("/account").await.ok();
    let path = format!("{PATH}/{}", scene.workspace);
    let delete = format!("{path}/delete");
    owner
        .get(&delete)
        .await
        .ok()
        .says("1 connection is ended")
        .says("0 requests that are out end:")
        .says("1 workflow and the accounts of 1 client are deleted");
    let refused = submit(&mut owner, &delete, &delete, &[("name", "globex")]).await;
    refused
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("This is not its name")
        .says("value=\"globex\"");
    let begun = submit(&mut owner, &delete, &delete, &[("name", "Globex")]).await;
    assert_eq!(begun.led_to(), PATH);
    owner
        .get(PATH)
        .await
        .ok()
        .says("Globex is being deleted")
        .says("Being deleted");
    owner.get(&path).await.ok().says("Try again");
    scene.app.worker().run_due().await;
    owner.get(&path).await.page(StatusCode::NOT_FOUND);
    owner.get(PATH).await.ok().says("No workspaces yet");
    assert_eq!(client.get("/account").await.led_to(), "/sign-in");
    let log = owner.get("/dashboard/audit?kind=workspace.deleted").await;
    log.ok().says("Workspace deleted</strong>");
    let told = scene.mails().await;
    let revoked = told.iter().filter_map(|mail| mail.subject());
    assert!(
        revoked
            .into_iter()
            .all(|subject| !subject.contains("disconnected"))
    );
    assert_eq!(scene.app.open_jobs().await, 0);
}

#[tokio::test]
async fn t1_workspaces_are_shown_to_staff_and_deleted_by_the_owner() {
    let scene = Scene::start().await;
    let mut admin = scene.joined("boss@northwind.example", Role::Admin).await;
    let mut member = scene.joined("ad@northwind.example", Role::Member).await;
    let mut client = scene.joined(CLIENT, Role::Client).await;
    let path = format!("{PATH}/{}", scene.workspace);
    assert_eq!(client.get(&path).await.led_to(), "/portal");
    let delete = format!("{path}/delete");
    admin.get(&delete).await.page(StatusCode::FORBIDDEN);
    let refused = submit(&mut admin, &path, &delete, &[("name", "Globex")]).await;
    refused.page(StatusCode::FORBIDDEN);
    let refused = submit(&mut member, &path, &format!("{path}/export"), &[]).await;
    refused.page(StatusCode::FORBIDDEN);
    for id in [UNKNOWN, "x", "%ff"] {
        let path = format!("{PATH}/{id}");
        admin.get(&path).await.page(StatusCode::NOT_FOUND);
        for step in ["rename", "export"] {
            let to = format!("{path}/{step}");
            let answer = submit(&mut admin, NEW, &to, &[("name", "X")]).await;
            answer.page(StatusCode::NOT_FOUND);
        }
    }
    let mut owner = scene.staff().await;
    let delete = format!("{PATH}/{UNKNOWN}/delete");
    owner.get(&delete).await.page(StatusCode::NOT_FOUND);
}
