use http::StatusCode;
use latchkey_tenants::{RequestStatus, Role};

use super::clients::{connected, submit};
use crate::{
    people::scene::{CLIENT, Scene},
    support::world::slot,
};

const PATH: &str = "/dashboard/workspaces";

#[tokio::test]
async fn an_admin_suspends_a_workspace_after_reading_what_that_does_and_resumes_it() {
    let scene = Scene::start().await;
    let mut admin = scene.joined("boss@northwind.example", Role::Admin).await;
    let (workflow, request) = scene.sent(vec![slot("slack")]).await;
    scene.mails().await;
    let path = format!("{PATH}/{}", scene.workspace);
    let suspend = format!("{path}/suspend");
    admin.get(&path).await.says(&suspend);
    admin
        .get(&suspend)
        .await
        .ok()
        .says("1 requests that are out pause")
        .says("Nothing new is sent")
        .says("gates of 1 workflows shut")
        .says("Nothing is deleted");
    let done = submit(&mut admin, &suspend, &suspend, &[]).await;
    assert_eq!(done.led_to(), path);
    admin
        .get(&path)
        .await
        .ok()
        .says("The workspace is suspended.")
        .says("This workspace is suspended")
        .does_not_say(&suspend);
    admin.get(PATH).await.ok().says("Suspended</span>");
    let asked = format!("/dashboard/requests/{}", request.id);
    admin
        .get(&asked)
        .await
        .ok()
        .says("Suspended</span>")
        .does_not_say(&format!("{asked}/resend"))
        .says(&format!("{asked}/cancel"));
    let refused = submit(&mut admin, &asked, &format!("{asked}/resend"), &[]).await;
    assert_eq!(refused.led_to(), asked);
    admin
        .get(&asked)
        .await
        .says("The workspace is suspended: resume it first.");
    let gate = format!("/dashboard/workflows/{}", workflow.id);
    admin
        .get(&gate)
        .await
        .ok()
        .says("Slack waits: the workspace is suspended.")
        .does_not_say("Ask for what is missing");
    let log = admin.get("/dashboard/audit?kind=workspace.suspended").await;
    log.ok().says("Workspace suspended</strong>");

    let resumed = submit(&mut admin, &path, &format!("{path}/resume"), &[]).await;
    assert_eq!(resumed.led_to(), path);
    admin
        .get(&path)
        .await
        .ok()
        .says("The workspace goes on")
        .says(&suspend);
    let now = scene.app.request(&request.id).await;
    assert_eq!((now.status, now.suspended_at), (RequestStatus::Sent, None));
}

#[tokio::test]
async fn a_request_is_not_written_for_a_suspended_workspace() {
    let scene = Scene::start().await;
    let mut owner = scene.staff().await;
    let workflow = scene.waits_for(vec![slot("slack")]).await;
    let id = &scene.workspace;
    scene
        .write(async |tx| tx.workspace_suspend(id, "staff").await)
        .await;
    let compose = format!("/dashboard/requests/new?workspace={id}");
    let chosen = format!("slot.{}", workflow.slots[0].id);
    let fields = [
        ("workspace", id.as_str()),
        ("email", CLIENT),
        (&*chosen, "on"),
        ("do", "send"),
    ];
    let refused = submit(&mut owner, &compose, "/dashboard/requests/new", &fields).await;
    refused
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("The workspace is suspended: resume it first.");
}

#[tokio::test]
async fn a_suspended_workspace_is_exported_and_deleted_all_the_same() {
    let scene = Scene::start().await;
    let mut owner = scene.staff().await;
    connected(&scene).await;
    let id = &scene.workspace;
    scene
        .write(async |tx| tx.workspace_suspend(id, "staff").await)
        .await;
    let path = format!("{PATH}/{id}");
    let file = submit(&mut owner, &path, &format!("{path}/export"), &[]).await;
    file.says("\"suspended_at\":\"2026-11-23T07:00:00Z\"");
    let delete = format!("{path}/delete");
    let begun = submit(&mut owner, &delete, &delete, &[("name", "Globex")]).await;
    assert_eq!(begun.led_to(), PATH);
    let refused = submit(&mut owner, &path, &format!("{path}/suspend"), &[]).await;
    assert_eq!(refused.led_to(), path);
    owner
        .get(&path)
        .await
        .says("The workspace is being deleted.");
    scene.app.worker().run_due().await;
    owner.get(&path).await.page(StatusCode::NOT_FOUND);
    assert_eq!(scene.app.open_jobs().await, 0);
}

#[tokio::test]
async fn t1_members_and_clients_neither_suspend_nor_resume() {
    let scene = Scene::start().await;
    let mut member = scene.joined("ad@northwind.example", Role::Member).await;
    let mut client = scene.joined(CLIENT, Role::Client).await;
    let path = format!("{PATH}/{}", scene.workspace);
    member
        .get(&path)
        .await
        .ok()
        .does_not_say(&format!("{path}/suspend"));
    for step in ["suspend", "resume"] {
        let to = format!("{path}/{step}");
        for (browser, page) in [(&mut member, &*path), (&mut client, "/account")] {
            let refused = submit(browser, page, &to, &[]).await;
            refused.page(StatusCode::FORBIDDEN);
        }
    }
    let suspend = format!("{path}/suspend");
    member.get(&suspend).await.page(StatusCode::FORBIDDEN);
    let id = &scene.workspace;
    let found = scene.read(async |tx| tx.workspace(id).await).await;
    assert!(found.unwrap().suspended_at.is_none());
}
