use std::time::Duration;

use secrecy::SecretString;

use super::{
    people_estate::{CLIENT, HOST, joined, member_now, owner, session, start},
    world::{World, not_found},
};
use crate::{
    Member, Role,
    secret::secret_hash,
    store::{NewSession, SessionStage, SignInMethod},
    totp,
};

contract! {
    a_session_is_kept_as_a_hash_and_knows_its_person,
    a_clients_session_ends_after_a_week_without_use,
    a_session_in_use_ends_all_the_same,
    a_session_of_staff_is_shorter,
    sessions_are_listed_and_ended,
    a_removed_person_has_no_session,
    t8_a_second_factor_stands_before_everything,
    t8_an_agency_may_require_a_second_factor,
    a_new_browser_is_told_by_mail_and_a_known_one_is_not,
    ended_person_sessions_are_forgotten,
}

async fn a_session_is_kept_as_a_hash_and_knows_its_person(world: World) {
    let member = joined(&world, CLIENT, Role::Client).await;
    let started = start(&world, &member, SignInMethod::Mail, None).await;
    let found = session(&world, &started.secret).await.unwrap();
    assert_eq!(found.member, member);
    assert_eq!(
        (found.host.as_str(), found.stage),
        (HOST, SessionStage::Full)
    );
    assert_eq!(found.hash, secret_hash(&started.secret));
    assert!(!found.touch_due && !found.must_enrol);
    let other = SecretString::from(world.entropy.token());
    assert!(session(&world, &other).await.is_none());
    assert_eq!(world.events_of("session.started").await, 1);
}

async fn a_clients_session_ends_after_a_week_without_use(world: World) {
    let member = joined(&world, CLIENT, Role::Client).await;
    let secret = start(&world, &member, SignInMethod::Mail, None)
        .await
        .secret;
    world.later(Duration::from_hours(7 * 24) - Duration::from_micros(1));
    let found = session(&world, &secret).await.unwrap();
    assert!(found.touch_due);
    world
        .write(async |tx| tx.session_touch(&found).await)
        .await
        .unwrap();
    assert!(!session(&world, &secret).await.unwrap().touch_due);
    world.later(Duration::from_hours(7 * 24));
    assert!(session(&world, &secret).await.is_none());
}

async fn a_session_in_use_ends_all_the_same(world: World) {
    let member = joined(&world, CLIENT, Role::Client).await;
    let secret = start(&world, &member, SignInMethod::Mail, None)
        .await
        .secret;
    for _ in 0..29 {
        world.later(Duration::from_hours(24));
        let found = session(&world, &secret).await.unwrap();
        world
            .write(async |tx| tx.session_touch(&found).await)
            .await
            .unwrap();
    }
    world.later(Duration::from_hours(24));
    assert!(session(&world, &secret).await.is_none());
}

async fn a_session_of_staff_is_shorter(world: World) {
    let secret = start(&world, &owner(&world).await, SignInMethod::Mail, None)
        .await
        .secret;
    let over = async || {
        let over = world.read(async |tx| tx.session_over(&secret).await).await;
        over.unwrap()
    };
    world.later(Duration::from_hours(12) - Duration::from_micros(1));
    assert!(session(&world, &secret).await.is_some());
    assert_eq!(over().await, None);
    world.later(Duration::from_micros(1));
    assert!(session(&world, &secret).await.is_none());
    let end = over().await;
    world.later(Duration::from_hours(1));
    assert_eq!((end.is_some(), over().await), (true, end));
}

async fn sessions_are_listed_and_ended(world: World) {
    let member = joined(&world, CLIENT, Role::Client).await;
    let mut secrets = Vec::new();
    for _ in 0..3 {
        world.later(Duration::from_secs(1));
        secrets.push(
            start(&world, &member, SignInMethod::Mail, None)
                .await
                .secret,
        );
    }
    let list = async || {
        world
            .read(async |tx| tx.sessions_of(&member.id).await)
            .await
            .unwrap()
    };
    let all = list().await;
    assert_eq!(all.len(), 3);
    assert!(all[0].created_at > all[2].created_at);
    let end = async |member: &Member| {
        world
            .write(async |tx| tx.session_end(&member.id, &all[2].id, "staff").await)
            .await
    };
    assert_eq!(
        not_found(end(&owner(&world).await).await),
        "session",
        "not theirs"
    );
    end(&member).await.unwrap();
    assert!(session(&world, &secrets[0]).await.is_none());
    let kept = &all[0].id;
    let others = world
        .write(async |tx| tx.sessions_end_others(&member.id, kept, "staff").await)
        .await;
    assert_eq!(others.unwrap(), 1);
    assert_eq!(list().await.len(), 1);
    assert_eq!(world.events_of("session.ended").await, 2);
}

async fn a_removed_person_has_no_session(world: World) {
    let member = joined(&world, CLIENT, Role::Client).await;
    let secret = start(&world, &member, SignInMethod::Mail, None)
        .await
        .secret;
    world
        .write(async |tx| tx.member_remove(&member.id, Role::Admin, "staff").await)
        .await
        .unwrap();
    assert!(session(&world, &secret).await.is_none());
    assert_eq!(world.count("sessions").await, 0);
    assert_eq!(world.count("devices").await, 0);
}

async fn t8_a_second_factor_stands_before_everything(world: World) {
    let mut staff = owner(&world).await;
    world
        .write(async |tx| {
            let secret = tx.totp_propose(&staff.id).await?.unwrap();
            let code = totp::code(&secret, tx.now()).unwrap();
            tx.totp_confirm(&staff, &code).await
        })
        .await
        .unwrap()
        .unwrap();
    staff = member_now(&world, &staff).await;
    let waiting = start(&world, &staff, SignInMethod::Mail, None).await;
    assert_eq!(waiting.stage, SessionStage::SecondFactor);
    assert_eq!(world.events_of("session.started").await, 0);
    let found = session(&world, &waiting.secret).await.unwrap();
    assert_eq!(found.stage, SessionStage::SecondFactor);
    let listed = world.read(async |tx| tx.sessions_of(&staff.id).await).await;
    assert!(listed.unwrap().is_empty());
    let passed = NewSession {
        member: &staff,
        host: HOST,
        method: SignInMethod::Mail,
        browser: "x",
        device: None,
        second_factor: true,
    };
    let passed = world
        .write(async |tx| tx.session_start(passed).await)
        .await
        .unwrap();
    assert_eq!(passed.stage, SessionStage::Full);
    let passkey = start(&world, &staff, SignInMethod::Passkey, None).await;
    assert_eq!(
        passkey.stage,
        SessionStage::Full,
        "a passkey is two factors"
    );
    world.later(Duration::from_mins(15));
    assert!(session(&world, &waiting.secret).await.is_none());
}

async fn t8_an_agency_may_require_a_second_factor(world: World) {
    let staff = owner(&world).await;
    let client = joined(&world, CLIENT, Role::Client).await;
    let of_staff = start(&world, &staff, SignInMethod::Mail, None).await.secret;
    let of_client = start(&world, &client, SignInMethod::Mail, None)
        .await
        .secret;
    let by_passkey = start(&world, &staff, SignInMethod::Passkey, None)
        .await
        .secret;
    for required in [true, false] {
        world
            .write(async |tx| tx.agency_require_totp(required, "staff").await)
            .await
            .unwrap();
        let must = async |secret| session(&world, secret).await.unwrap().must_enrol;
        assert_eq!(must(&of_staff).await, required);
        assert!(!must(&of_client).await);
        assert!(!must(&by_passkey).await);
    }
}

async fn a_new_browser_is_told_by_mail_and_a_known_one_is_not(world: World) {
    let member = joined(&world, CLIENT, Role::Client).await;
    let mails = async || world.count("mails where kind = 'new_device'").await;
    let first = start(&world, &member, SignInMethod::Mail, None).await;
    assert_eq!(mails().await, 0, "the first is no news");
    let again = start(&world, &member, SignInMethod::Mail, Some(&first.device)).await;
    assert_eq!(secret_hash(&again.device), secret_hash(&first.device));
    assert_eq!(mails().await, 0);
    let other = start(&world, &member, SignInMethod::Mail, None).await;
    assert_eq!(mails().await, 1);
    start(&world, &member, SignInMethod::Mail, Some(&other.device)).await;
    assert_eq!(mails().await, 1);
    // What another person's browser shows means nothing here.
    start(
        &world,
        &owner(&world).await,
        SignInMethod::Mail,
        Some(&other.device),
    )
    .await;
    assert_eq!(world.count("devices").await, 3);
}

async fn ended_person_sessions_are_forgotten(world: World) {
    let member = joined(&world, CLIENT, Role::Client).await;
    start(&world, &member, SignInMethod::Mail, None).await;
    world.later(Duration::from_hours(30 * 24) + Duration::from_micros(1));
    let dropped = world
        .platform(async |tx| tx.sessions_drop_ended().await)
        .await;
    assert_eq!(dropped, 1);
}
