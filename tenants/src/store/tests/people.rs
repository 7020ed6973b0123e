use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::{
    people_estate::{CLIENT, HOST, begin, invite, joined, mailed, member_now, owner},
    world::{World, not_found, page, refusal, refused_field},
};
use crate::{
    MailKind, Role,
    store::{
        CodeOutcome, INVITATION_LIFETIME, InvitationStatus, NewInvitation, SIGN_IN_LIFETIME,
        SignInSecrets,
    },
    values::Email,
};

contract! {
    who_is_invited_joins_once,
    an_invitation_ends_after_seven_days_and_lives_again_when_resent,
    a_withdrawn_invitation_joins_nobody,
    an_address_is_invited_once_and_joins_once,
    a_clients_place_is_a_workspace_of_the_agency,
    an_address_is_one_person_however_it_is_written,
    t8_the_owner_changes_by_transfer_alone,
    a_new_role_is_told_by_mail,
    a_link_signs_in_once_and_looking_spends_nothing,
    a_code_works_in_the_browser_that_asked,
    five_wrong_codes_end_a_try,
    a_try_ends_after_a_quarter_of_an_hour,
    w7_a_strangers_try_leaves_the_same_rows,
    members_are_listed_newest_first,
}

async fn who_is_invited_joins_once(world: World) {
    let invitation = invite(&world, CLIENT, Role::Client).await.unwrap();
    let secret = mailed(&world, MailKind::Invitation, CLIENT).await;
    let found = world
        .read(async |tx| tx.invitation_by_secret(&secret).await)
        .await;
    assert_eq!(found.unwrap().unwrap().id, invitation.id);
    let accept = async || {
        let name = "Jo Park".parse().unwrap();
        world
            .write(async |tx| tx.invitation_accept(&secret, Some(&name)).await)
            .await
    };
    let member = accept().await.unwrap();
    assert_eq!((member.email.as_str(), member.role), (CLIENT, Role::Client));
    assert_eq!(member.workspace_id.as_ref(), Some(&world.workspace.id));
    assert_eq!(member.name.unwrap().as_str(), "Jo Park");
    assert_eq!(not_found(accept().await), "invitation");
    assert_eq!(world.events_of("member.invited").await, 1);
    assert_eq!(world.events_of("member.joined").await, 1);
}

async fn an_invitation_ends_after_seven_days_and_lives_again_when_resent(world: World) {
    let invitation = invite(&world, CLIENT, Role::Client).await.unwrap();
    let first = mailed(&world, MailKind::Invitation, CLIENT).await;
    let resend = async || {
        world
            .write(async |tx| {
                tx.invitation_resend(&invitation.id, Role::Owner, "staff")
                    .await
            })
            .await
    };
    assert_eq!(refusal(resend().await), "resend_too_soon");
    world.later(INVITATION_LIFETIME);
    let accept = async |secret: &SecretString| {
        world
            .write(async |tx| tx.invitation_accept(secret, None).await)
            .await
    };
    assert_eq!(not_found(accept(&first).await), "invitation");
    let again = resend().await.unwrap();
    assert_eq!(again.status, InvitationStatus::Open);
    let second = mailed(&world, MailKind::Invitation, CLIENT).await;
    assert_eq!(not_found(accept(&first).await), "invitation");
    accept(&second).await.unwrap();
    world.later(Duration::from_mins(1));
    assert_eq!(refusal(resend().await), "invitation_ended");
}

async fn a_withdrawn_invitation_joins_nobody(world: World) {
    let invitation = invite(&world, CLIENT, Role::Client).await.unwrap();
    let secret = mailed(&world, MailKind::Invitation, CLIENT).await;
    let withdraw = async || {
        world
            .write(async |tx| {
                tx.invitation_withdraw(&invitation.id, Role::Owner, "staff")
                    .await
            })
            .await
    };
    let withdrawn = withdraw().await.unwrap();
    assert_eq!(withdrawn.status, InvitationStatus::Withdrawn);
    assert_eq!(refusal(withdraw().await), "invitation_ended");
    let accepted = world
        .write(async |tx| tx.invitation_accept(&secret, None).await)
        .await;
    assert_eq!(not_found(accepted), "invitation");
    invite(&world, CLIENT, Role::Client).await.unwrap();
}

async fn an_address_is_invited_once_and_joins_once(world: World) {
    invite(&world, CLIENT, Role::Client).await.unwrap();
    let again = invite(&world, "JO@globex.example", Role::Member).await;
    assert_eq!(refusal(again), "already_invited");
    let member = invite(&world, "OWNER@ours.example", Role::Admin).await;
    assert_eq!(refusal(member), "already_member");
}

async fn a_clients_place_is_a_workspace_of_the_agency(world: World) {
    let invite = async |role, workspace_id| {
        let new = NewInvitation {
            email: CLIENT.parse().unwrap(),
            name: None,
            role,
            workspace_id,
        };
        world
            .write(async |tx| tx.invitation_create(new, Role::Owner, "staff").await)
            .await
    };
    let ours = Some(world.workspace.id.clone());
    assert_eq!(
        refused_field(invite(Role::Client, None).await),
        "/workspace_id"
    );
    assert_eq!(
        refused_field(invite(Role::Admin, ours).await),
        "/workspace_id"
    );
    let page = page(9);
    let theirs = world
        .read_foreign(async |tx| tx.workspaces(&page).await)
        .await;
    let theirs = Some(theirs.unwrap()[0].id.clone());
    assert_eq!(
        refused_field(invite(Role::Client, theirs).await),
        "/workspace_id"
    );
}

async fn an_address_is_one_person_however_it_is_written(world: World) {
    let member = joined(&world, CLIENT, Role::Client).await;
    let email: Email = "JO@Globex.Example".parse().unwrap();
    let found = world
        .read(async |tx| tx.member_by_email(&email).await)
        .await;
    assert_eq!(found.unwrap().unwrap(), member);
}

async fn t8_the_owner_changes_by_transfer_alone(world: World) {
    let (owner, other) = (
        owner(&world).await,
        joined(&world, "ad@ours.example", Role::Member).await,
    );
    let role = async |id, role| {
        world
            .write(async |tx| tx.member_set_role(id, role, Role::Owner, "staff").await)
            .await
    };
    assert_eq!(
        refusal(role(&owner.id, Role::Admin).await),
        "owner_by_transfer"
    );
    assert_eq!(
        refusal(role(&other.id, Role::Owner).await),
        "owner_by_transfer"
    );
    let removed = world
        .write(async |tx| tx.member_remove(&owner.id, Role::Owner, "staff").await)
        .await;
    assert_eq!(refusal(removed), "last_owner");
    world
        .write(async |tx| tx.ownership_transfer(&owner.id, &other.id, "staff").await)
        .await
        .unwrap();
    assert_eq!(member_now(&world, &owner).await.role, Role::Admin);
    assert_eq!(member_now(&world, &other).await.role, Role::Owner);
    assert_eq!(
        world
            .count("members where role = 'owner' and email <> 'owner@theirs.example'")
            .await,
        1
    );
    world
        .write(async |tx| tx.member_remove(&owner.id, Role::Owner, "staff").await)
        .await
        .unwrap();
}

async fn a_new_role_is_told_by_mail(world: World) {
    let member = joined(&world, "ad@ours.example", Role::Member).await;
    for _ in 0..2 {
        world
            .write(async |tx| {
                tx.member_set_role(&member.id, Role::Admin, Role::Owner, "staff")
                    .await
            })
            .await
            .unwrap();
    }
    assert_eq!(world.count("mails where kind = 'role_changed'").await, 1);
    assert_eq!(world.events_of("member.changed").await, 1);
}

async fn a_link_signs_in_once_and_looking_spends_nothing(world: World) {
    let member = joined(&world, CLIENT, Role::Client).await;
    begin(&world, "Jo@globex.example").await;
    let link = secrets(&world, "Jo@globex.example").await.link;
    let link = SecretString::from(link);
    for _ in 0..3 {
        let seen = world
            .read(async |tx| tx.sign_in_of_link(&link, HOST).await)
            .await;
        assert_eq!(seen.unwrap().as_ref(), Some(&member));
    }
    let take = async |host: &str| {
        world
            .write(async |tx| tx.sign_in_take_link(&link, host).await)
            .await
            .unwrap()
    };
    assert_eq!(take("other.example").await, None, "another host");
    assert_eq!(take(HOST).await, Some(member));
    assert_eq!(take(HOST).await, None, "twice");
}

async fn a_code_works_in_the_browser_that_asked(world: World) {
    let member = joined(&world, CLIENT, Role::Client).await;
    let attempt = begin(&world, CLIENT).await;
    let code = secrets(&world, CLIENT).await.code;
    let other = SecretString::from(world.entropy.token());
    assert_eq!(take(&world, &other, &code).await, CodeOutcome::Ended);
    assert_eq!(take(&world, &attempt, "wrong").await, CodeOutcome::Wrong);
    let right = take(&world, &attempt, &code).await;
    assert_eq!(right, CodeOutcome::Right(Box::new(member)));
    assert_eq!(take(&world, &attempt, &code).await, CodeOutcome::Ended);
}

async fn five_wrong_codes_end_a_try(world: World) {
    joined(&world, CLIENT, Role::Client).await;
    let attempt = begin(&world, CLIENT).await;
    let code = secrets(&world, CLIENT).await.code;
    for _ in 0..5 {
        assert_eq!(take(&world, &attempt, "nope").await, CodeOutcome::Wrong);
    }
    assert_eq!(take(&world, &attempt, &code).await, CodeOutcome::Ended);
}

async fn a_try_ends_after_a_quarter_of_an_hour(world: World) {
    joined(&world, CLIENT, Role::Client).await;
    let attempt = begin(&world, CLIENT).await;
    let code = secrets(&world, CLIENT).await.code;
    world.later(SIGN_IN_LIFETIME);
    assert_eq!(take(&world, &attempt, &code).await, CodeOutcome::Ended);
    world.later(Duration::from_micros(1));
    let dropped = world
        .platform(async |tx| tx.sign_ins_drop_ended().await)
        .await;
    assert_eq!(dropped, 1);
}

async fn w7_a_strangers_try_leaves_the_same_rows(world: World) {
    joined(&world, CLIENT, Role::Client).await;
    let rows = async || {
        let mails = world.count("mails where kind = 'sign_in'").await;
        (
            world.count("sign_ins").await,
            mails,
            world.count("jobs").await,
        )
    };
    let before = rows().await;
    begin(&world, CLIENT).await;
    let known = rows().await;
    let attempt = begin(&world, "nobody@globex.example").await;
    let unknown = rows().await;
    let grown = |(a, b, c): (i64, i64, i64), (d, e, f): (i64, i64, i64)| (d - a, e - b, f - c);
    assert_eq!(grown(before, known), grown(known, unknown));
    let code = secrets(&world, "nobody@globex.example").await.code;
    assert_eq!(take(&world, &attempt, "nope").await, CodeOutcome::Wrong);
    assert_eq!(take(&world, &attempt, &code).await, CodeOutcome::Ended);
}

async fn members_are_listed_newest_first(world: World) {
    world.later(Duration::from_millis(1));
    joined(&world, CLIENT, Role::Client).await;
    let list = async |role| {
        let page = page(9);
        let found = world.read(async |tx| tx.members(role, &page).await).await;
        let emails: Vec<_> = found
            .unwrap()
            .iter()
            .map(|member| member.email.to_string())
            .collect();
        emails
    };
    assert_eq!(list(None).await, [CLIENT, "owner@ours.example"]);
    assert_eq!(list(Some(Role::Owner)).await, ["owner@ours.example"]);
}

async fn secrets(world: &World, email: &str) -> SignInSecrets {
    let secret = mailed(world, MailKind::SignIn, email).await;
    serde_json::from_str(secret.expose_secret()).unwrap()
}

async fn take(world: &World, attempt: &SecretString, code: &str) -> CodeOutcome {
    world
        .write(async |tx| tx.sign_in_take_code(attempt, code, HOST).await)
        .await
        .unwrap()
}
