//! T1 for people: the foreign agency, with every id and every secret of ours in its hands.

use secrecy::SecretString;

use super::{
    foreign::ours,
    people_estate::{CLIENT, HOST, People, passkey_of},
    world::{World, not_found, page},
};
use crate::{
    Role, StoreError, Timestamp,
    store::{Ceremony, CodeOutcome, NewIdentityProvider, NewInvitation, NewSession, SignInMethod},
};

contract! {
    t1_foreign_people_are_nobody,
    t1_foreign_steps_find_no_person,
    t1_foreign_steps_change_no_person,
    t1_the_same_address_at_both_agencies_is_two_people,
}

async fn t1_foreign_people_are_nobody(world: World) {
    let our = People::build(&world).await;
    world
        .read_foreign(async |tx| {
            assert!(tx.member(&our.client.id).await?.is_none());
            assert!(tx.member_by_email(&our.client.email).await?.is_none());
            let everybody = tx.members(None, &page(99)).await?;
            assert!(everybody.iter().all(|member| member.id != our.owner.id));
            assert!(tx.invitation(&our.invitation.id).await?.is_none());
            assert!(tx.invitations(&page(99)).await?.is_empty());
            assert!(tx.invitation_by_secret(&our.join).await?.is_none());
            let link = SecretString::from(our.sign_in.link.as_str());
            assert!(tx.sign_in_of_link(&link, HOST).await?.is_none());
            assert!(tx.sign_in_email(&our.attempt).await?.is_none());
            assert!(tx.session(&our.session).await?.is_none());
            assert!(tx.session_over(&our.session).await?.is_none());
            assert!(tx.sessions_of(&our.client.id).await?.is_empty());
            assert!(tx.password_of(&our.owner.email).await?.is_none());
            assert!(tx.passkeys_of(&our.client.id).await?.is_empty());
            assert!(tx.passkey_by_credential(HOST, "Y3JlZA").await?.is_none());
            assert_eq!(tx.passkeys_elsewhere("nowhere.example").await?, 0);
            assert!(tx.identity_provider().await?.is_none());
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
}

async fn t1_foreign_steps_find_no_person(world: World) {
    let our = People::build(&world).await;
    let (client, owner) = (&our.client.id, &our.owner.id);
    macro_rules! missing {
        ($what:literal, |$tx:ident| $step:expr) => {
            assert_eq!(
                not_found(world.write_foreign(async |$tx| $step.await).await),
                $what
            )
        };
    }
    let by = Role::Owner;
    missing!("member", |tx| tx.member_set_role(
        client,
        Role::Admin,
        by,
        "x"
    ));
    missing!("member", |tx| tx.member_remove(client, by, "x"));
    missing!("member", |tx| tx.ownership_transfer(owner, client, "x"));
    missing!("invitation", |tx| tx.invitation_resend(
        &our.invitation.id,
        by,
        "x"
    ));
    missing!("invitation", |tx| tx.invitation_withdraw(
        &our.invitation.id,
        by,
        "x"
    ));
    missing!("invitation", |tx| tx.invitation_accept(&our.join, None));
    missing!("session", |tx| tx.session_end(client, &our.session_id, "x"));
    missing!("passkey", |tx| tx.passkey_remove(&our.client, &our.passkey));
    missing!("second factor", |tx| tx.totp_remove(&our.owner));
    missing!("identity provider", |tx| tx.identity_provider_remove("x"));
}

async fn t1_foreign_steps_change_no_person(world: World) {
    let our = People::build(&world).await;
    let before = ours(&world).await;
    let session = super::people_estate::session(&world, &our.session)
        .await
        .unwrap();
    world
        .write_foreign(async |tx| {
            tx.member_set_profile(&our.client.id, None, Some("xx"))
                .await?;
            let link = SecretString::from(our.sign_in.link.as_str());
            assert!(tx.sign_in_take_link(&link, HOST).await?.is_none());
            let (attempt, code) = (&our.attempt, &our.sign_in.code);
            let code = tx.sign_in_take_code(attempt, code, HOST).await?;
            assert_eq!(code, CodeOutcome::Ended);
            tx.session_touch(&session).await?;
            let kept = "ses_01kc76xp00hezapqm44qap4thw".parse().unwrap();
            let ended = tx.sessions_end_others(&our.client.id, &kept, "x").await?;
            assert_eq!(ended, 0);
            tx.password_set(&our.owner, Some("theirs")).await?;
            assert!(tx.totp_propose(&our.owner.id).await?.is_none());
            assert!(tx.totp_confirm(&our.owner, "000000").await?.is_none());
            let code = crate::totp::code(&our.totp, Timestamp(tx.now().micros() + 30_000_000));
            assert!(!tx.second_factor_take(&our.owner.id, &code.unwrap()).await?);
            tx.passkey_used(&our.passkey, "theirs").await?;
            assert!(
                tx.ceremony_take(Ceremony::Oidc, HOST, &our.ceremony)
                    .await?
                    .is_none()
            );
            assert!(!tx.oidc_subject_fits(&our.owner, "theirs").await?);
            tx.agency_require_totp(true, "x").await?;
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    assert_eq!(ours(&world).await, before);
    // A row of theirs cannot hang on a person of ours.
    let new = NewSession {
        member: &our.client,
        host: HOST,
        method: SignInMethod::Mail,
        browser: "x",
        device: None,
        second_factor: false,
    };
    assert!(
        world
            .write_foreign(async |tx| tx.session_start(new).await.map(|_| ()))
            .await
            .is_err()
    );
    let key = passkey_of(&our.client);
    assert!(
        world
            .write_foreign(async |tx| tx.passkey_add(key).await)
            .await
            .is_err()
    );
    assert_eq!(ours(&world).await, before);
}

async fn t1_the_same_address_at_both_agencies_is_two_people(world: World) {
    let our = People::build(&world).await;
    let before = ours(&world).await;
    world
        .write_foreign(async |tx| {
            let new = NewInvitation {
                email: CLIENT.parse().unwrap(),
                name: None,
                role: Role::Admin,
                workspace_id: None,
            };
            tx.invitation_create(new, Role::Owner, "x").await?;
            tx.sign_in_begin(&our.client.email, HOST).await?;
            let secret = SecretString::from("theirs");
            tx.ceremony_begin(Ceremony::Oidc, HOST, &secret).await?;
            let provider = NewIdentityProvider {
                issuer: "https://idp.example",
                client_id: "theirs",
                client_secret: &secret,
            };
            tx.identity_provider_put(provider, "x").await?;
            Ok::<_, crate::ActionError>(())
        })
        .await
        .unwrap();
    assert_eq!(ours(&world).await, before);
}
