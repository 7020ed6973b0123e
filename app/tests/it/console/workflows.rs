use http::StatusCode;
use latchkey_tenants::{GateState, NewSlot, Resume};

use crate::{
    people::scene::{Scene, post},
    support::world::slot,
};

const PATH: &str = "/dashboard/workflows/new";

#[tokio::test]
async fn the_list_is_found_by_gate_and_text() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let empty = staff.get("/dashboard/workflows").await;
    empty.ok().says("No workflows yet");
    scene.waits_for(vec![slot("slack"), slot("gmail")]).await;
    let list = staff.get("/dashboard/workflows").await;
    list.ok()
        .says("Weekly report")
        .says("Globex")
        .says("n8n-17")
        .says("Slack, Gmail")
        .says("0 of 2 connected")
        .says("Waiting 1");
    for (query, found) in [
        ("state=waiting", true),
        ("state=open", false),
        ("q=n8n", true),
        ("q=monthly", false),
    ] {
        let page = staff.get(&format!("/dashboard/workflows?{query}")).await;
        let nothing = page.ok().body.contains("Nothing found");
        assert_eq!(nothing, !found, "{query}");
    }
}

#[tokio::test]
async fn a_workflow_says_why_its_gate_is_shut_and_is_resumed_by_hand() {
    let scene = Scene::start().await;
    let (workflow, request) = scene.sent(vec![slot("slack")]).await;
    let path = format!("/dashboard/workflows/{}", workflow.id);
    let mut staff = scene.staff().await;
    let page = staff.get(&path).await;
    page.ok()
        .says("Slack was never connected.")
        .says("Ask for what is missing")
        .says("opens again by hand")
        .says("Jo Park");
    scene.connected(&request.items[0].id, "T01").await;
    let open = staff.get(&path).await;
    open.ok().says("The workflow may run").says("Working");
    let item = scene.app.request(&request.id).await.items.remove(0);
    let connection = item.connection_id.unwrap();
    scene
        .write(async |tx| tx.connection_failed(&connection, "invalid_grant").await)
        .await;
    let paused = staff.get(&path).await;
    paused
        .ok()
        .says("Paused")
        .says("Slack has to be connected again.");
    let resume = format!("{path}/resume");
    post(&mut staff, &resume, &paused, &[]).await.led_to();
    staff
        .get(&path)
        .await
        .ok()
        .says("A required app has no working connection yet.");
    scene
        .write(async |tx| tx.connection_proven(&connection, None).await)
        .await;
    let ready = staff.get(&path).await;
    ready.ok().says("Nothing is missing any more");
    post(&mut staff, &resume, &ready, &[]).await.led_to();
    staff.get(&path).await.ok().says("The gate is open");
    scene.mails().await;
}

#[tokio::test]
async fn a_workflow_is_made_with_the_permissions_that_were_chosen() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let page = staff.get(PATH).await;
    page.ok().says("For Globex");
    let fields = [
        ("workspace", scene.workspace.as_str()),
        ("name", "Weekly report"),
        ("external_id", "n8n-17"),
        ("resume", "manual"),
        ("app.0", "Slack"),
        ("app.1", ""),
        ("do", "more"),
    ];
    let more = post(&mut staff, PATH, &page, &fields).await;
    more.ok()
        .says("value=\"Weekly report\"")
        .says("What it may do")
        .says("name=\"app.2\"")
        .says("name=\"scope.0.chat:write\"");
    let fields = [
        ("workspace", scene.workspace.as_str()),
        ("name", "Weekly report"),
        ("external_id", "n8n-17"),
        ("resume", "manual"),
        ("app.0", "slack"),
        ("shown.0", "slack"),
        ("scope.0.chat:write", "on"),
        ("scope.0.evil", "on"),
        ("expected.0", "T01"),
        ("app.1", "gmail"),
        ("optional.1", "on"),
        ("do", "create"),
    ];
    let to = post(&mut staff, PATH, &page, &fields).await.led_to();
    staff.get(&to).await.ok().says("The workflow is there.");
    let id = to.rsplit('/').next().unwrap().parse().unwrap();
    let made = scene.read(async |tx| tx.workflow(&id).await).await.unwrap();
    assert_eq!(made.resume, Resume::Manual);
    assert_eq!(made.gate.state, GateState::Waiting);
    assert_eq!(made.slots[0].scopes, ["chat:write"]);
    assert_eq!(
        made.slots[0].expected_account.as_ref().unwrap().as_str(),
        "T01"
    );
    assert!(made.slots[0].required && !made.slots[1].required);
}

#[tokio::test]
async fn what_is_wrong_is_said_beside_it_and_what_was_typed_is_kept() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let page = staff.get(PATH).await;
    let here = ("workspace", scene.workspace.as_str());
    let fields = [here, ("name", " "), ("app.0", ""), ("do", "create")];
    let again = post(&mut staff, PATH, &page, &fields).await;
    again
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("Choose at least one app.")
        .says("A name has 1 to 200 characters");
    let fields = [
        here,
        ("name", "Report"),
        ("app.0", "Slak"),
        ("do", "create"),
    ];
    let again = post(&mut staff, PATH, &page, &fields).await;
    again
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("There is no such app")
        .says("value=\"Slak\"")
        .says("value=\"Report\"");
}

#[tokio::test]
async fn a_workflow_is_put_right_and_open_requests_follow() {
    let scene = Scene::start().await;
    let slack = NewSlot {
        expected_account: Some("T0l".parse().unwrap()),
        ..slot("slack")
    };
    let slots = vec![slack, slot("gmail")];
    let (workflow, request) = scene.sent(slots).await;
    let path = format!("/dashboard/workflows/{}", workflow.id);
    let edit = format!("{path}/edit");
    scene.mails().await;
    let mut staff = scene.staff().await;
    staff.get(&path).await.ok().says(&edit);
    let composer = format!("/dashboard/requests/new?workspace={}", scene.workspace);
    staff.get(&composer).await.ok().says(&edit);
    let page = staff.get(&edit).await;
    page.ok()
        .says("value=\"Weekly report\"")
        .says("value=\"T0l\"");
    let (slack, gmail) = (&workflow.slots[0].id, &workflow.slots[1].id);
    let (slack, gmail) = (format!("expected.{slack}"), gmail.to_string());
    let (other, optional) = (format!("expected.{gmail}"), format!("optional.{gmail}"));
    let fields = |name| {
        [
            ("name", name),
            ("external_id", ""),
            ("resume", "manual"),
            (slack.as_str(), "T01"),
            (other.as_str(), ""),
            (optional.as_str(), "on"),
        ]
    };
    let refused = post(&mut staff, &edit, &page, &fields(" ")).await;
    refused
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("A name has 1 to 200 characters")
        .says("value=\"T01\"");
    let saved = post(&mut staff, &edit, &page, &fields("Monthly report")).await;
    assert_eq!(saved.led_to(), path);
    staff
        .get(&path)
        .await
        .ok()
        .says("Saved.")
        .says("Monthly report")
        .says("opens again by hand")
        .says("Expected account: T01");
    let now = scene.app.request(&request.id).await;
    let expected = now.items[0].expected_account.as_ref().unwrap();
    assert_eq!(expected.as_str(), "T01");
    scene.connected(&request.items[0].id, "T01").await;
    staff.get(&path).await.ok().says("The workflow may run");
    staff
        .get("/dashboard/audit")
        .await
        .ok()
        .says("Workflow changed");
    scene.mails().await;
}

#[tokio::test]
async fn t1_foreign_workflows_are_nothing() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let page = staff.get(PATH).await;
    for id in ["wfl_01kc76xp00hezapqm44qap4thw", "evil"] {
        let path = format!("/dashboard/workflows/{id}");
        staff.get(&path).await.page(StatusCode::NOT_FOUND);
        let answer = post(&mut staff, &format!("{path}/resume"), &page, &[]).await;
        answer.page(StatusCode::NOT_FOUND);
        let edit = format!("{path}/edit");
        staff.get(&edit).await.page(StatusCode::NOT_FOUND);
        let answer = post(&mut staff, &edit, &page, &[("name", "x")]).await;
        answer.page(StatusCode::NOT_FOUND);
    }
    let fields = [("workspace", "wsp_01kc76xp00hezapqm44qap4thw")];
    let answer = post(&mut staff, PATH, &page, &fields).await;
    answer.page(StatusCode::NOT_FOUND);
}
