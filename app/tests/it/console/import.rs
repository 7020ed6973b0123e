use http::StatusCode;
use latchkey_tenants::RequestStatus;

use super::work::upload;
use crate::{
    people::scene::Scene,
    support::{browser::Browser, world::slot},
};

const PATH: &str = "/dashboard/requests/import";
const TABLE: &str = "email,name,workspace,note\n\
    jo@globex.example,Jo,globex,\"Hello, Jo\"\n\
    not an address,Kim,globex,\n\
    lee@globex.example,Lee,initech,\n\
    jo@globex.example,Jo,Globex,\n";

async fn csrf(staff: &mut Browser) -> String {
    let page = staff.get(PATH).await;
    page.ok().says("Paste the table");
    page.csrf()
}

#[tokio::test]
async fn every_line_is_looked_at_before_anything_is_created() {
    let scene = Scene::start().await;
    scene.waits_for(vec![slot("slack")]).await;
    let mut staff = scene.staff().await;
    let csrf = csrf(&mut staff).await;
    let fields = [("csrf", &*csrf), ("text", "")];
    let file = ("file", TABLE.as_bytes());
    let looked = upload(&mut staff, PATH, &fields, Some(file)).await;
    looked
        .ok()
        .says("3 cannot be asked")
        .says("1 ready")
        .says("people.csv")
        .says("An e-mail address like name@example.com is expected.")
        .says("No workspace is called `initech`.")
        .says("asked in line 2 already")
        .says("Slack");
    let create = format!("{PATH}/create");
    let fields = [("csrf", &*csrf), ("text", TABLE), ("do", "send")];
    let refused = upload(&mut staff, &create, &fields, None).await;
    refused
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("nothing was created");
    staff
        .get("/dashboard/requests")
        .await
        .ok()
        .says("No requests yet");
    let fields = [
        ("csrf", &*csrf),
        ("text", TABLE),
        ("do", "send"),
        ("only_good", "on"),
    ];
    let done = upload(&mut staff, &create, &fields, None).await;
    let list = staff.get(&done.led_to()).await;
    list.ok()
        .says("1 request is on the way.")
        .says("jo@globex.example");
    for (status, count) in [(RequestStatus::Sent, "1"), (RequestStatus::Queued, "0")] {
        let counted = scene.read(async |tx| tx.request_count(status).await).await;
        assert_eq!(counted.to_string(), count);
    }
    scene.mails().await;
}

#[tokio::test]
async fn a_table_that_is_none_says_why_and_stays() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let csrf = csrf(&mut staff).await;
    for text in ["", "who,where\njo,there"] {
        let fields = [("csrf", &*csrf), ("text", text)];
        let refused = upload(&mut staff, PATH, &fields, None).await;
        refused
            .page(StatusCode::UNPROCESSABLE_ENTITY)
            .says("The first line names the columns");
    }
    let fields = [("csrf", &*csrf), ("text", "email,workspace\n,,,\"open")];
    upload(&mut staff, PATH, &fields, None).await;
}

#[tokio::test]
async fn t5_a_form_with_files_is_checked_like_any_other() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let file = ("file", TABLE.as_bytes());
    for fields in [vec![], vec![("csrf", "evil")]] {
        let forged = upload(&mut staff, PATH, &fields, Some(file)).await;
        forged.page(StatusCode::FORBIDDEN);
    }
    let token = csrf(&mut staff).await;
    let twice = [("csrf", &*token), ("text", "a"), ("text", "b")];
    let refused = upload(&mut staff, PATH, &twice, None).await;
    refused.page(StatusCode::BAD_REQUEST);
    let giant = "x".repeat(300 * 1024);
    let file = ("file", giant.as_bytes());
    let refused = upload(&mut staff, PATH, &[("csrf", &*token)], Some(file)).await;
    refused.page(StatusCode::BAD_REQUEST);
    let plain = staff.post(PATH, &[("csrf", &token)]).await;
    plain.page(StatusCode::BAD_REQUEST);
    let mut nobody = scene.browser();
    let answer = upload(&mut nobody, PATH, &[], None).await;
    assert_eq!(answer.led_to(), "/sign-in");
}
