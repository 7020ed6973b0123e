use std::time::Duration;

use http::{Method, StatusCode, header};
use http_body_util::BodyExt;
use latchkey_tenants::{NewSlot, ReminderStep, Role, Workflow};
use tower::ServiceExt;
use url::form_urlencoded;

use crate::{
    people::scene::{CLIENT, Scene, post},
    support::{
        RECIPIENT,
        browser::{Answer, Browser, SAME_ORIGIN},
        world::slot,
    },
};

const PATH: &str = "/dashboard/requests/new";
/// A permission of Slack.
const IN_GERMAN: &str = "Den Namen Ihres Arbeitsbereichs ansehen";

/// What the preview answers: it may stand in a frame of this origin, which nothing else may.
async fn preview(
    scene: &Scene,
    browser: &Browser,
    page: &Answer,
    of: &str,
    fields: &[(&str, &str)],
) -> (String, String) {
    let csrf = page.csrf();
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .append_pair("csrf", &csrf)
        .finish();
    let request = browser
        .request(Method::POST, &format!("/dashboard/requests/preview/{of}"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", SAME_ORIGIN)
        .body(axum::body::Body::from(body))
        .unwrap();
    let response = scene.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let policy = response.headers()["content-security-policy"].to_str();
    let policy = policy.unwrap().to_owned();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (String::from_utf8(body.to_vec()).unwrap(), policy)
}

#[tokio::test]
async fn a_request_is_written_and_sent() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let empty = staff.get(PATH).await;
    empty.ok().says("No workflow waits here");
    let workflow = scene.waits_for(vec![slot("slack"), slot("gmail")]).await;
    let page = staff.get(PATH).await;
    page.ok()
        .says("Slack")
        .says("has no OAuth client yet")
        .says("What Slack will show");
    let (slack, gmail) = (
        format!("slot.{}", workflow.slots[0].id),
        format!("slot.{}", workflow.slots[1].id),
    );
    for name in [&slack, &gmail] {
        page.says(&format!("name=\"{name}\" checked"));
    }
    let fields = [
        ("workspace", scene.workspace.as_str()),
        (&slack, "on"),
        ("email", RECIPIENT),
        ("name", "Jo Park"),
        ("note", "For your Monday report"),
        ("language", "de"),
        ("expires", "86400"),
        ("do", "send"),
    ];
    let to = post(&mut staff, PATH, &page, &fields).await.led_to();
    let shown = staff.get(&to).await;
    shown
        .ok()
        .says("is on its way")
        .says("0 of 1 connected")
        .says("For your Monday report");
    let id = to.rsplit('/').next().unwrap().parse().unwrap();
    let request = scene.app.request(&id).await;
    assert_eq!(request.items.len(), 1);
    assert_eq!(request.lifetime.seconds(), 86_400);
    assert_eq!(request.language.unwrap().as_str(), "de");
    let planned = scene.read(async |tx| tx.reminders_of(&id).await).await;
    assert!(planned.is_empty(), "none were wanted");
    let mail = scene.mails().await.pop().expect("a mail");
    let text = mail.body_text(0).unwrap();
    assert!(text.contains("Slack") && text.contains(IN_GERMAN), "{text}");
}

#[tokio::test]
async fn a_request_is_queued_with_reminders_for_a_person_of_the_portal() {
    let scene = Scene::start().await;
    scene.joined(CLIENT, Role::Client).await;
    let member = scene.member(CLIENT).await;
    let workflow = scene.waits_for(vec![slot("slack")]).await;
    let mut staff = scene.staff().await;
    let page = staff.get(PATH).await;
    page.ok().says(member.as_str());
    let slack = format!("slot.{}", workflow.slots[0].id);
    let fields = [
        ("workspace", scene.workspace.as_str()),
        (&slack, "on"),
        ("member", member.as_str()),
        ("expires", "604800"),
        ("reminders", "on"),
        ("do", "queue"),
    ];
    let to = post(&mut staff, PATH, &page, &fields).await.led_to();
    let queued = staff.get(&to).await;
    queued.ok().says("The request is queued").says(CLIENT);
    post(&mut staff, &format!("{to}/send"), &queued, &[])
        .await
        .led_to();
    let id = to.rsplit('/').next().unwrap().parse().unwrap();
    let planned = scene.read(async |tx| tx.reminders_of(&id).await).await;
    let steps: Vec<_> = planned.iter().map(|planned| planned.step).collect();
    assert!(steps.contains(&ReminderStep::LastCall), "{steps:?}");
    scene.mails().await;
}

#[tokio::test]
async fn a_request_lives_as_is_usual_for_who_is_asked_unless_somebody_says_how_long() {
    let scene = Scene::start().await;
    scene.joined(CLIENT, Role::Client).await;
    let member = scene.member(CLIENT).await;
    let workflow = scene.waits_for(vec![slot("slack")]).await;
    let mut staff = scene.staff().await;
    let page = staff.get(PATH).await;
    page.says("<option value=\"\" selected>As usual: 7 days by mail, 4 hours in the portal");
    let slack = format!("slot.{}", workflow.slots[0].id);
    for (asked, who, said, hours) in [
        ("member", member.as_str(), "", 4),
        ("email", RECIPIENT, "", 7 * 24),
        ("member", member.as_str(), "86400", 24),
    ] {
        let fields = [
            ("workspace", scene.workspace.as_str()),
            (&slack, "on"),
            (asked, who),
            ("expires", said),
            ("do", "queue"),
        ];
        let to = post(&mut staff, PATH, &page, &fields).await.led_to();
        let id = to.rsplit('/').next().unwrap().parse().unwrap();
        let request = scene.app.request(&id).await;
        assert_eq!(request.lifetime.seconds(), hours * 3600, "{asked} {said}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_beside_it_and_what_was_typed_is_kept() {
    let scene = Scene::start().await;
    scene.waits_for(vec![slot("slack")]).await;
    let mut staff = scene.staff().await;
    let page = staff.get(PATH).await;
    let fields = [
        ("workspace", scene.workspace.as_str()),
        ("email", "jo at globex"),
        ("note", "<b>Monday</b>"),
        ("expires", "86400"),
        ("slot.slt_01kc76xp00hezapqm44qap4thw", "on"),
        ("do", "send"),
    ];
    let again = post(&mut staff, PATH, &page, &fields).await;
    again
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("Choose at least one app.")
        .says("An e-mail address like name@example.com is expected.")
        .says("value=\"jo at globex\"")
        .says("&lt;b&gt;Monday&lt;")
        .says("value=\"86400\" selected");
    for workspace in ["wsp_01kc76xp00hezapqm44qap4thw", "evil"] {
        let path = format!("{PATH}?workspace={workspace}");
        staff.get(&path).await.page(StatusCode::NOT_FOUND);
        let fields = [("workspace", workspace), ("do", "send")];
        let answer = post(&mut staff, PATH, &page, &fields).await;
        answer.page(StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn of_several_workspaces_one_is_chosen_first() {
    let scene = Scene::start().await;
    scene.app.workspace("initech", "Initech").await;
    let mut staff = scene.staff().await;
    let page = staff.get(PATH).await;
    page.ok().says("For which workspace?").says("Globex");
    let found = staff.get(&format!("{PATH}?q=init")).await;
    found.ok().says("Initech").does_not_say("Globex");
    let none = staff.get(&format!("{PATH}?q=umbrella")).await;
    none.ok().says("Nothing found");
}

#[tokio::test]
async fn page_and_mail_are_shown_as_the_client_would_see_them() {
    let scene = Scene::start().await;
    let workflow = scene.waits_for(vec![slot("slack")]).await;
    let mut staff = scene.staff().await;
    let page = staff.get(PATH).await;
    let slack = format!("slot.{}", workflow.slots[0].id);
    let fields = [
        ("workspace", scene.workspace.as_str()),
        (&slack, "on"),
        ("email", ""),
        ("note", "For your Monday report"),
        ("expires", "604800"),
    ];
    for (of, words) in [("page", "Connect Slack"), ("mail", "Slack")] {
        let (html, policy) = preview(&scene, &staff, &page, of, &fields).await;
        assert!(html.contains(words), "{html}");
        assert!(html.contains("For your Monday report") && html.contains("Weekly report"));
        assert!(!html.contains("<script"));
        assert!(policy.starts_with("sandbox allow-same-origin; default-src 'none'"));
        for rule in ["frame-ancestors 'self'", "form-action 'none'"] {
            assert!(policy.contains(rule), "{policy}");
        }
        assert!(!policy.contains("script-src"), "{policy}");
    }
    let mut german = fields.to_vec();
    german.push(("language", "de"));
    for of in ["page", "mail"] {
        let (html, _) = preview(&scene, &staff, &page, of, &german).await;
        assert!(
            html.contains("lang=\"de\"") && html.contains(IN_GERMAN),
            "{html}"
        );
    }
    let nothing = [("workspace", scene.workspace.as_str())];
    let (html, _) = preview(&scene, &staff, &page, "mail", &nothing).await;
    assert!(html.contains("Choose at least one app"));
    let long = "a".repeat(2001);
    let noted = [nothing[0], (&slack, "on"), ("note", &long)];
    let (html, _) = preview(&scene, &staff, &page, "page", &noted).await;
    assert!(
        html.contains("<p>A note has 1 to 2,000 characters"),
        "{html}"
    );
    let requests = staff.get("/dashboard/requests").await;
    requests.ok().says("No requests yet");
    assert!(scene.mails().await.len() < 2, "but the mail to sign in");
}

#[tokio::test]
async fn a_preview_that_cannot_be_made_says_what_is_wrong() {
    let scene = Scene::start().await;
    let of_account = |account: &str| NewSlot {
        expected_account: Some(account.parse().unwrap()),
        ..slot("slack")
    };
    let slots = ["T01", "T02"].map(of_account);
    let workflow = scene.waits_for(slots.into()).await;
    let mut staff = scene.staff().await;
    let page = staff.get(PATH).await;
    let chosen = workflow
        .slots
        .iter()
        .map(|slot| format!("slot.{}", slot.id));
    let chosen: Vec<_> = chosen.collect();
    let mut fields = vec![("workspace", scene.workspace.as_str())];
    fields.extend(chosen.iter().map(|name| (name.as_str(), "on")));
    for of in ["page", "mail"] {
        let (html, _) = preview(&scene, &staff, &page, of, &fields).await;
        assert!(
            html.contains(
                "<p>Two slots expect different accounts of slack: send two requests.</p>"
            ),
            "{html}"
        );
        assert!(!html.contains("Choose at least one app"), "{html}");
    }
}

#[tokio::test]
async fn workflows_and_people_that_do_not_stand_there_are_found_and_what_is_chosen_stays() {
    let scene = Scene::start().await;
    let names = reports(&scene).await;
    for client in [CLIENT, "ada@globex.example"] {
        scene.joined(client, Role::Client).await;
    }
    let ada = scene.member("ada@globex.example").await;
    let (oldest, second) = (&names[0], &names[1]);
    let boxed = |workflow: &Workflow| format!("slot.{}", workflow.slots[0].id);
    let mut staff = scene.staff().await;
    let page = staff.get(PATH).await;
    page.ok()
        .says("There are more: search for a part of the name")
        .says("Report 27")
        .does_not_say("Report 01")
        .does_not_say("Report 02");
    let linked = format!(
        "{PATH}?workspace={}&workflow={}",
        scene.workspace, oldest.id
    );
    let linked = staff.get(&linked).await;
    linked
        .ok()
        .says(&format!("name=\"{}\" checked", boxed(oldest)));
    let (first, next) = (boxed(oldest), boxed(second));
    let mut fields = vec![
        ("workspace", scene.workspace.as_str()),
        (&first, "on"),
        ("member", ada.as_str()),
        ("note", "For your Monday report"),
        ("find_workflow", "report 02"),
        ("find_person", "nobody"),
    ];
    fields.push(("do", "find"));
    let found = post(&mut staff, PATH, &page, &fields).await;
    found
        .ok()
        .says(&format!("name=\"{first}\" checked"))
        .says(&format!("name=\"{next}\">"))
        .does_not_say("Report 27")
        .says(&format!("value=\"{ada}\" selected"))
        .does_not_say(CLIENT)
        .says("For your Monday report")
        .says("value=\"report 02\"");
    let none = [fields[0], ("find_workflow", "umbrella"), ("do", "find")];
    let none = post(&mut staff, PATH, &page, &none).await;
    none.ok().says("No workflow is called that.");
    fields.pop();
    fields.extend([(next.as_str(), "on"), ("do", "queue")]);
    let to = post(&mut staff, PATH, &found, &fields).await.led_to();
    let request = scene
        .app
        .request(&to.rsplit('/').next().unwrap().parse().unwrap())
        .await;
    assert_eq!(request.items[0].slots.len(), 2, "of both workflows");
    assert_eq!(request.member_id, Some(ada));
}

/// Two more workflows than the composer shows, oldest first.
async fn reports(scene: &Scene) -> Vec<Workflow> {
    let id = scene.workspace.clone();
    let workspace = scene.read(async |tx| tx.workspace(&id).await).await;
    let workspace = workspace.unwrap();
    let mut reports = Vec::new();
    for number in 1..=27 {
        let name = format!("Report {number:02}");
        reports.push(scene.app.workflow(&workspace, &name, "slack").await);
        scene.app.test.clock.advance(Duration::from_secs(1));
    }
    reports
}
