use http::StatusCode;
use latchkey_tenants::{Role, Tx};

use super::clients::{connected, submit};
use crate::people::scene::{CLIENT, Scene};

const PATH: &str = "/dashboard/connections";
const UNKNOWN: &str = "con_01kc76xp00hezapqm44qap4thw";

#[tokio::test]
async fn a_connection_is_listed_found_shown_and_revoked_with_a_receipt() {
    let scene = Scene::start().await;
    let mut staff = scene.joined("ad@northwind.example", Role::Member).await;
    staff.get(PATH).await.ok().says("No connections yet");
    let id = connected(&scene).await;
    let list = staff.get(PATH).await;
    list.ok()
        .says("Globex team")
        .says("Working 1")
        .says("Slack");
    for query in ["?q=team", "?q=GLOBEX", "?state=active"] {
        staff
            .get(&format!("{PATH}{query}"))
            .await
            .ok()
            .says("Globex team");
    }
    for query in ["?q=nobody", "?state=error"] {
        let none = staff.get(&format!("{PATH}{query}")).await;
        none.ok().says("No such connections");
    }
    let path = format!("{PATH}/{id}");
    let shown = staff.get(&path).await;
    shown
        .ok()
        .says("Missing")
        .says("Granted")
        .says("Sync slack")
        .says("Connection active");
    shown.does_not_say("planted-access");
    shown.does_not_say("Renew now");

    let not_renewed = submit(&mut staff, &path, &format!("{path}/refresh"), &[]).await;
    assert_eq!(not_renewed.led_to(), path);
    staff.get(&path).await.says("is not renewed");
    let revoked = submit(&mut staff, &path, &format!("{path}/revoke"), &[]).await;
    assert_eq!(revoked.led_to(), path);
    let shown = staff.get(&path).await;
    shown.ok().says("did not confirm the end").says("Revoked");
    shown.does_not_say("/revoke\"");
}

#[tokio::test]
async fn what_no_longer_works_is_asked_for_again_in_its_workflow() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let id = connected(&scene).await;
    let feeds = scene.read(async |tx| tx.connection_feeds(&id).await).await;
    let ask = format!(
        "/dashboard/requests/new?workspace={}&workflow={}",
        scene.workspace, feeds[0].0
    );
    let path = format!("{PATH}/{id}");
    let href = format!("href=\"{}\"", ask.replace('&', "&amp;"));
    staff.get(&path).await.ok().does_not_say("Ask again");
    scene
        .write(async |tx| tx.connection_failed(&id, "invalid_grant").await)
        .await;
    staff.get(&path).await.ok().says(&href);
    let composer = staff.get(&ask).await;
    composer
        .ok()
        .says("For Globex")
        .says("\" checked><span><strong>Slack");
    submit(&mut staff, &path, &format!("{path}/revoke"), &[]).await;
    let revoked = staff.get(&path).await;
    revoked.ok().says("Workflows still need it").says(&href);
}

#[tokio::test]
async fn what_a_client_has_paused_says_so_wherever_staff_see_it() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let id = connected(&scene).await;
    let page = format!("{PATH}/{id}");
    let workspace = format!("/dashboard/workspaces/{}", scene.workspace);
    for (paused, word) in [(false, "Working"), (true, "Paused by the client")] {
        let step = async |tx: &mut Tx| match paused {
            true => tx.connection_pause(&id, "recipient").await,
            false => Ok(()),
        };
        scene.write(step).await;
        let feeds = scene.read(async |tx| tx.connection_feeds(&id).await).await;
        let workflow = format!("/dashboard/workflows/{}", feeds[0].0);
        for path in [PATH, &page, &workspace, &workflow] {
            staff.get(path).await.ok().says(&format!(">{word}<"));
        }
    }
    staff.get(&page).await.says("The client paused it");
    scene
        .write(async |tx| tx.connection_resume(&id, "recipient").await)
        .await;
    staff.get(&page).await.ok().does_not_say("paused it");
}

#[tokio::test]
async fn t1_a_foreign_or_malformed_connection_is_a_missing_one() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    for id in [UNKNOWN, "con_1", "%ff", "wsp_01kc76xp00hezapqm44qap4thw"] {
        let path = format!("{PATH}/{id}");
        staff.get(&path).await.page(StatusCode::NOT_FOUND);
        for step in ["revoke", "refresh"] {
            let answer = submit(&mut staff, "/dashboard", &format!("{path}/{step}"), &[]).await;
            answer.page(StatusCode::NOT_FOUND);
        }
    }
    let foreign = staff.get(&format!("{PATH}?after=x")).await;
    foreign.page(StatusCode::NOT_FOUND);
    let mut client = scene.joined(CLIENT, Role::Client).await;
    assert_eq!(client.get(PATH).await.led_to(), "/portal");
}
