use http::StatusCode;
use latchkey_tenants::Role;

use super::clients::submit;
use crate::people::scene::{CLIENT, STAFF, Scene, code_in, path_in, post};

const PATH: &str = "/dashboard/people";
const CLIENTS: &str = "/dashboard/people/clients";
const INVITATIONS: &str = "/dashboard/people/invitations";
const INVITE: &str = "/dashboard/people/invite";
const TRANSFER: &str = "/dashboard/people/transfer";
const PROVIDER: &str = "/dashboard/people/provider";
const UNKNOWN: &str = "mbr_01kc76xp00hezapqm44qap4thw";

#[tokio::test]
async fn staff_and_clients_are_invited_reminded_and_let_off() {
    let scene = Scene::start().await;
    let mut owner = scene.staff().await;
    owner.get(INVITATIONS).await.ok().says("Nobody is invited");
    let fields = [
        ("email", CLIENT),
        ("name", "Jo"),
        ("role", "client"),
        ("workspace", scene.workspace.as_str()),
    ];
    let sent = submit(&mut owner, INVITE, INVITE, &fields).await;
    assert_eq!(sent.led_to(), INVITATIONS);
    path_in(&scene.mail().await, "/join/");
    let list = owner.get(INVITATIONS).await;
    list.ok()
        .says("is invited")
        .says("Globex")
        .says("Waiting")
        .says("The link in their mail is dead at once.");
    let twice = submit(&mut owner, INVITE, INVITE, &fields).await;
    twice
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("has an open invitation")
        .says("value=\"Jo\"");
    let at = list.body.find("/resend\"").unwrap();
    let start = list.body[..at].rfind("action=\"").unwrap() + "action=\"".len();
    let one = list.body[start..at].to_owned();
    let soon = submit(&mut owner, INVITATIONS, &format!("{one}/resend"), &[]).await;
    assert_eq!(soon.led_to(), INVITATIONS);
    owner.get(INVITATIONS).await.says("less than a minute ago");
    scene
        .app
        .test
        .clock
        .advance(std::time::Duration::from_secs(61));
    submit(&mut owner, INVITATIONS, &format!("{one}/resend"), &[]).await;
    owner.get(INVITATIONS).await.says("Sent again");
    submit(&mut owner, INVITATIONS, &format!("{one}/withdraw"), &[]).await;
    owner
        .get(INVITATIONS)
        .await
        .says("Withdrawn")
        .says("Nobody is invited");
    let unknown = format!("{INVITATIONS}/inv_01kc76xp00hezapqm44qap4thw/resend");
    let missing = submit(&mut owner, INVITE, &unknown, &[]).await;
    missing.page(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_wrong_invitation_is_refused_beside_its_field() {
    let scene = Scene::start().await;
    let mut owner = scene.staff().await;
    let no_place = [("email", CLIENT), ("role", "client")];
    let refused = submit(&mut owner, INVITE, INVITE, &no_place).await;
    refused
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("A client belongs to one workspace");
    let no_address = [("email", "jo"), ("role", "admin")];
    let refused = submit(&mut owner, INVITE, INVITE, &no_address).await;
    refused
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("An e-mail address like");
    let owner_too = [("email", "x@northwind.example"), ("role", "owner")];
    let refused = submit(&mut owner, INVITE, INVITE, &owner_too).await;
    refused
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("exactly one owner");
}

#[tokio::test]
async fn t8_members_invite_clients_and_manage_nobody() {
    let scene = Scene::start().await;
    let mut member = scene.joined("ad@northwind.example", Role::Member).await;
    for path in [PATH, PROVIDER, TRANSFER] {
        member.get(path).await.page(StatusCode::FORBIDDEN);
    }
    member.get(CLIENTS).await.ok().does_not_say(">Staff</a>");
    member
        .get(INVITE)
        .await
        .ok()
        .does_not_say("value=\"admin\"");
    let staff = [("email", "x@northwind.example"), ("role", "admin")];
    let refused = submit(&mut member, INVITE, INVITE, &staff).await;
    refused
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("Your role does not let you do that");
    let client = [
        ("email", CLIENT),
        ("role", "client"),
        ("workspace", scene.workspace.as_str()),
    ];
    let sent = submit(&mut member, INVITE, INVITE, &client).await;
    assert_eq!(sent.led_to(), INVITATIONS);
    let owner = scene.member(STAFF).await;
    let step = format!("{PATH}/{owner}/remove");
    let refused = submit(&mut member, INVITE, &step, &[]).await;
    refused.page(StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn t8_roles_change_people_go_and_the_last_owner_stays() {
    let scene = Scene::start().await;
    let mut owner = scene.staff().await;
    let mut ad = scene.joined("ad@northwind.example", Role::Member).await;
    scene.joined(CLIENT, Role::Client).await;
    owner
        .get(&format!("{PATH}?q=AD@"))
        .await
        .ok()
        .says("ad@northwind.example");
    owner.get(CLIENTS).await.ok().says(CLIENT).says("Globex");
    let id = scene.member("ad@northwind.example").await;
    let page = format!("{PATH}/{id}");
    owner.get(&page).await.ok().says("Member");
    let role = [("role", "admin")];
    let changed = submit(&mut owner, &page, &format!("{page}/role"), &role).await;
    assert_eq!(changed.led_to(), page);
    owner.get(&page).await.says("The role is Admin now");
    ad.get(PATH).await.ok();
    let client = scene.member(CLIENT).await;
    let client = format!("{PATH}/{client}");
    let crossed = submit(&mut owner, &page, &format!("{client}/role"), &role).await;
    assert_eq!(crossed.led_to(), client);
    owner
        .get(&client)
        .await
        .says("A client does not become staff");
    let me = scene.member(STAFF).await;
    let me = format!("{PATH}/{me}");
    let last = submit(&mut owner, &page, &format!("{me}/remove"), &[]).await;
    assert_eq!(last.led_to(), me);
    owner.get(&me).await.says("never without an owner");
    let gone = submit(&mut owner, &page, &format!("{page}/remove"), &[]).await;
    assert_eq!(gone.led_to(), PATH);
    assert_eq!(ad.get(PATH).await.led_to(), "/sign-in");
    owner.get(&page).await.page(StatusCode::NOT_FOUND);
    for id in [UNKNOWN, "x", "%ff"] {
        let path = format!("{PATH}/{id}");
        owner.get(&path).await.page(StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn t8_the_ownership_moves_to_who_is_named_and_typed() {
    let scene = Scene::start().await;
    let mut owner = scene.staff().await;
    owner.get(TRANSFER).await.ok().says("Nobody to hand it to");
    let mut heir = scene.joined("ad@northwind.example", Role::Member).await;
    let id = scene.member("ad@northwind.example").await;
    let wrong = [("to", id.as_str()), ("confirm", "ad")];
    let refused = submit(&mut owner, TRANSFER, TRANSFER, &wrong).await;
    refused
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("Type ad@northwind.example to confirm.")
        .says("value=\"ad\"");
    let stranger = [("to", UNKNOWN), ("confirm", "ad@northwind.example")];
    let refused = submit(&mut owner, TRANSFER, TRANSFER, &stranger).await;
    refused
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("Choose one of the staff.");
    let right = [("to", id.as_str()), ("confirm", "AD@northwind.example")];
    let moved = submit(&mut owner, TRANSFER, TRANSFER, &right).await;
    assert_eq!(moved.led_to(), PATH);
    owner.get(PATH).await.ok().says("You are an admin now");
    owner.get(TRANSFER).await.page(StatusCode::FORBIDDEN);
    heir.get(TRANSFER).await.ok();
}

#[tokio::test]
async fn t8_who_has_a_second_step_proves_it_to_hand_over() {
    let scene = Scene::start().await;
    let mut owner = scene.staff().await;
    scene.joined("ad@northwind.example", Role::Member).await;
    let id = scene.member("ad@northwind.example").await;
    let me = scene.member(STAFF).await;
    let secret = scene
        .write(async |tx| {
            let secret = tx.totp_propose(&me).await?.expect("a secret");
            let code = latchkey_tenants::totp::code(&secret, tx.now()).unwrap();
            let member = tx.member(&me).await?.expect("the owner");
            tx.totp_confirm(&member, &code).await?.expect("codes");
            Ok::<_, latchkey_tenants::StoreError>(secret)
        })
        .await;
    scene
        .app
        .test
        .clock
        .advance(std::time::Duration::from_secs(60));
    let page = owner.get(TRANSFER).await;
    page.ok().says("Code of your authenticator app");
    let named = [("to", id.as_str()), ("confirm", "ad@northwind.example")];
    let mut fields = named.to_vec();
    fields.push(("code", "000000"));
    let refused = post(&mut owner, TRANSFER, &page, &fields).await;
    refused
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("This code is not right");
    let now = scene.app.test.store.now();
    let code = latchkey_tenants::totp::code(&secret, now).unwrap();
    let mut fields = named.to_vec();
    fields.push(("code", &code));
    let moved = post(&mut owner, TRANSFER, &page, &fields).await;
    assert_eq!(moved.led_to(), PATH);
}

#[tokio::test]
async fn t8_who_lost_phone_and_codes_signs_in_again_and_only_who_may_lets_them() {
    let scene = Scene::start().await;
    let mut owner = scene.staff().await;
    let mut ada = scene.joined("ada@northwind.example", Role::Admin).await;
    let mut max = scene.joined("max@northwind.example", Role::Member).await;
    let pages = [STAFF, "ada@northwind.example", "max@northwind.example"];
    let mut ids = Vec::new();
    for email in pages {
        ids.push(format!("{PATH}/{}", scene.member(email).await));
    }
    let [boss, admin, member] = ids.as_slice() else {
        unreachable!()
    };
    let reset = |page: &str| format!("{page}/second-step/reset");
    owner
        .get(member)
        .await
        .ok()
        .does_not_say("Reset second step");
    submit(&mut owner, member, &reset(member), &[])
        .await
        .page(StatusCode::NOT_FOUND);
    for browser in [&mut owner, &mut ada, &mut max] {
        scene.enrol(browser).await;
    }

    let page = ada.get(boss).await;
    page.ok()
        .does_not_say("Reset second step")
        .says("latchkey agency reset-second-step");
    let refused = submit(&mut ada, boss, &reset(boss), &[]).await;
    assert_eq!(refused.led_to(), *boss);
    ada.get(boss).await.says("Nobody here resets the owner");
    for (own, browser) in [(boss, &mut owner), (admin, &mut ada)] {
        let refused = submit(browser, own, &reset(own), &[]).await;
        assert_eq!(refused.led_to(), *own);
        browser
            .get(own)
            .await
            .says("Remove your own second step")
            .does_not_say("Reset second step");
    }
    let refused = submit(&mut max, INVITE, &reset(admin), &[]).await;
    refused.page(StatusCode::FORBIDDEN);

    ada.get(member).await.ok().says("Reset second step");
    let done = submit(&mut ada, member, &reset(member), &[]).await;
    assert_eq!(done.led_to(), *member);
    ada.get(member)
        .await
        .says("Their second step is gone")
        .does_not_say("Reset second step");
}

#[tokio::test]
async fn t8_whose_second_step_was_reset_signs_in_without_a_code() {
    let scene = Scene::start().await;
    let email = "max@northwind.example";
    let (mut owner, mut max) = (scene.staff().await, scene.joined(email, Role::Member).await);
    scene.enrol(&mut max).await;
    let member = format!("{PATH}/{}", scene.member(email).await);
    let reset = format!("{member}/second-step/reset");
    assert_eq!(
        submit(&mut owner, &member, &reset, &[]).await.led_to(),
        member
    );
    let audit = owner.get("/dashboard/audit").await;
    audit.ok().says("Second step reset");
    scene
        .app
        .test
        .clock
        .advance(std::time::Duration::from_mins(2));
    let mut again = scene.browser();
    let page = scene.ask(&mut again, email).await;
    let code = code_in(&scene.mail().await);
    let answer = post(&mut again, "/sign-in/code", &page, &[("code", &code)]).await;
    assert_eq!(answer.led_to(), "/dashboard");
}

#[tokio::test]
async fn t8_a_second_step_for_all_is_asked_of_those_who_have_none() {
    let scene = Scene::start().await;
    let mut owner = scene.staff().await;
    let mut member = scene.joined("ad@northwind.example", Role::Member).await;
    owner
        .get(PATH)
        .await
        .ok()
        .says("2 of the staff have no authenticator app yet, you among them")
        .says("Staff without a second step can do nothing here until they set one up");
    let require = "/dashboard/people/second-factor";
    submit(&mut owner, PATH, require, &[("required", "yes")]).await;
    assert_eq!(member.get("/dashboard").await.led_to(), "/account/totp");
    assert_eq!(owner.get(PATH).await.led_to(), "/account/totp");
}

#[tokio::test]
async fn a_provider_that_nobody_answers_at_is_refused_and_removed_where_there_is_one() {
    let scene = Scene::start().await;
    let mut owner = scene.staff().await;
    owner.get(PROVIDER).await.ok().says("is shown as soon as");
    let fields = [
        ("issuer", "no address"),
        ("client_id", "8f3a"),
        ("client_secret", ""),
    ];
    let refused = submit(&mut owner, PROVIDER, PROVIDER, &fields).await;
    refused
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("An address like https://idp.example is expected.")
        .says("The provider shows it beside the client id.")
        .says("value=\"8f3a\"");
    let secret = secrecy::SecretString::from("planted-secret");
    scene
        .write(async |tx| {
            let new = latchkey_tenants::store::NewIdentityProvider {
                issuer: "https://idp.example",
                client_id: "8f3a",
                client_secret: &secret,
            };
            tx.identity_provider_put(new, "staff").await
        })
        .await;
    let page = owner.get(PROVIDER).await;
    page.ok()
        .says("/sign-in/oidc/callback/")
        .does_not_say("planted-secret");
    let remove = "/dashboard/people/provider/remove";
    let removed = submit(&mut owner, PROVIDER, remove, &[]).await;
    assert_eq!(removed.led_to(), PATH);
    owner.get(PATH).await.says("do not sign in there any more");
}
