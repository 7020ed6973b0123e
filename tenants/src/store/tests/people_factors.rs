use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::{
    people_estate::{CLIENT, HOST, joined, member_now, owner, passkey_of},
    world::{World, not_found, refusal},
};
use crate::{
    Member, Role, StoreError,
    store::{Ceremony, NewIdentityProvider},
    totp,
};

contract! {
    t8_an_app_is_proven_before_it_counts,
    t8_codes_and_backup_codes_work_once,
    a_second_factor_can_be_removed,
    t8_new_backup_codes_end_the_old_ones,
    t8_who_lost_a_second_factor_is_helped_by_who_may,
    a_password_is_found_by_address,
    a_passkey_belongs_to_one_host,
    a_ceremony_ends_once_where_it_began,
    k9_an_identity_providers_secret_is_sealed,
    a_subject_at_the_provider_is_one_person,
}

async fn t8_an_app_is_proven_before_it_counts(world: World) {
    let staff = owner(&world).await;
    let propose = async || {
        let proposed = world
            .write(async |tx| tx.totp_propose(&staff.id).await)
            .await;
        proposed.unwrap()
    };
    let secret = propose().await.unwrap();
    let again = propose().await.unwrap();
    assert_eq!(
        secret.expose_secret(),
        again.expose_secret(),
        "a reload shows the same"
    );
    assert!(!member_now(&world, &staff).await.has_totp);
    let confirm = async |code: &str| {
        let confirmed = world
            .write(async |tx| tx.totp_confirm(&staff, code).await)
            .await;
        confirmed.unwrap()
    };
    assert!(confirm("000000").await.is_none());
    let code = totp::code(&secret, world.store.now()).unwrap();
    let codes = confirm(&code).await.unwrap();
    assert_eq!(codes.len(), 10);
    assert!(codes.iter().all(|code| code.len() == 19));
    assert!(member_now(&world, &staff).await.has_totp);
    assert!(
        propose().await.is_none(),
        "the proven secret is never shown again"
    );
    assert!(confirm(&code).await.is_none());
}

async fn t8_codes_and_backup_codes_work_once(world: World) {
    let staff = owner(&world).await;
    let take = async |code: &str| {
        let taken = world
            .write(async |tx| tx.second_factor_take(&staff.id, code).await)
            .await;
        taken.unwrap()
    };
    assert!(!take("000000").await, "nothing is set up");
    let (secret, codes) = world
        .write(async |tx| {
            let secret = tx.totp_propose(&staff.id).await?.unwrap();
            let code = totp::code(&secret, tx.now()).unwrap();
            Ok::<_, StoreError>((secret, tx.totp_confirm(&staff, &code).await?.unwrap()))
        })
        .await
        .unwrap();
    let code = totp::code(&secret, world.store.now()).unwrap();
    assert!(!take(&code).await, "the code that proved the app is used");
    world.later(Duration::from_secs(30));
    let code = totp::code(&secret, world.store.now()).unwrap();
    assert!(take(&code).await);
    assert!(!take(&code).await);
    let typed = codes[3].to_uppercase().replace('-', " ");
    assert!(take(&typed).await);
    assert!(!take(&codes[3]).await);
    assert!(take(&codes[4]).await);
}

async fn a_second_factor_can_be_removed(world: World) {
    let staff = owner(&world).await;
    let remove = async || world.write(async |tx| tx.totp_remove(&staff).await).await;
    assert_eq!(not_found(remove().await), "second factor");
    world
        .write(async |tx| {
            let secret = tx.totp_propose(&staff.id).await?.unwrap();
            let code = totp::code(&secret, tx.now()).unwrap();
            tx.totp_confirm(&staff, &code).await
        })
        .await
        .unwrap();
    remove().await.unwrap();
    assert!(!member_now(&world, &staff).await.has_totp);
}

/// An app of theirs, and its backup codes.
async fn enrolled(world: &World, member: &Member) -> (SecretString, Vec<String>) {
    world
        .write(async |tx| {
            let secret = tx.totp_propose(&member.id).await?.unwrap();
            let code = totp::code(&secret, tx.now()).unwrap();
            let codes = tx.totp_confirm(member, &code).await?.unwrap();
            Ok::<_, StoreError>((secret, codes))
        })
        .await
        .unwrap()
}

async fn t8_new_backup_codes_end_the_old_ones(world: World) {
    let staff = owner(&world).await;
    let left = async || {
        let left = world.read(async |tx| tx.backup_codes_left(&staff.id).await);
        left.await.unwrap()
    };
    let renew = async |code: &str| {
        let renewed = world
            .write(async |tx| tx.backup_codes_renew(&staff, code).await)
            .await;
        renewed.unwrap()
    };
    let take = async |code: &str| {
        let taken = world
            .write(async |tx| tx.second_factor_take(&staff.id, code).await)
            .await;
        taken.unwrap()
    };
    assert_eq!(left().await, 0);
    assert!(renew("000000").await.is_none(), "nothing is set up");
    let (secret, old) = enrolled(&world, &staff).await;
    assert!(take(&old[0]).await);
    assert_eq!(left().await, 9);
    assert!(
        renew(&old[1]).await.is_none(),
        "the app's code is asked for"
    );
    world.later(Duration::from_secs(30));
    let code = totp::code(&secret, world.store.now()).unwrap();
    let new = renew(&code).await.unwrap();
    assert!(renew(&code).await.is_none(), "a code works once");
    assert_eq!((new.len(), left().await), (10, 10));
    assert!(!take(&old[1]).await);
    assert!(take(&new[1]).await);
}

async fn t8_who_lost_a_second_factor_is_helped_by_who_may(world: World) {
    let boss = owner(&world).await;
    let ada = joined(&world, "ada@ours.example", Role::Admin).await;
    let reset = async |of: &Member, by: Role, actor: &str| {
        world
            .write(async |tx| tx.totp_reset(&of.id, by, actor).await)
            .await
    };
    assert_eq!(
        not_found(reset(&ada, Role::Owner, &boss.actor()).await),
        "second factor"
    );
    for member in [&boss, &ada] {
        enrolled(&world, member).await;
    }
    for (of, by, actor, code) in [
        (&boss, Role::Admin, "x", "owner_by_operator"),
        (&ada, Role::Member, "x", "role_insufficient"),
        (&ada, Role::Admin, ada.actor().as_str(), "own_second_step"),
        (&boss, Role::Owner, boss.actor().as_str(), "own_second_step"),
    ] {
        assert_eq!(refusal(reset(of, by, actor).await), code);
    }
    reset(&ada, Role::Owner, &boss.actor()).await.unwrap();
    assert!(!member_now(&world, &ada).await.has_totp);
    reset(&boss, Role::Owner, "operator").await.unwrap();
    assert!(!member_now(&world, &boss).await.has_totp);
}

async fn a_password_is_found_by_address(world: World) {
    let staff = owner(&world).await;
    let of = async |email: &str| {
        let email = email.parse().unwrap();
        world
            .read(async |tx| tx.password_of(&email).await)
            .await
            .unwrap()
    };
    assert_eq!(of("owner@ours.example").await, None);
    world
        .write(async |tx| tx.password_set(&staff, Some("phc")).await)
        .await
        .unwrap();
    assert_eq!(of("Owner@ours.example").await.as_deref(), Some("phc"));
    assert_eq!(of("nobody@ours.example").await, None);
    assert!(member_now(&world, &staff).await.has_password);
}

async fn a_passkey_belongs_to_one_host(world: World) {
    let client = joined(&world, CLIENT, Role::Client).await;
    let id = world
        .write(async |tx| tx.passkey_add(passkey_of(&client)).await)
        .await
        .unwrap();
    let found = async |host: &str| {
        let found = world
            .read(async |tx| tx.passkey_by_credential(host, "Y3JlZA").await)
            .await;
        found.unwrap()
    };
    assert_eq!(found(HOST).await.unwrap().member_id, client.id);
    assert!(found("other.example").await.is_none());
    for (host, elsewhere) in [(HOST, 0), ("other.example", 1)] {
        let counted = world
            .read(async |tx| tx.passkeys_elsewhere(host).await)
            .await;
        assert_eq!(counted.unwrap(), elsewhere, "{host}");
    }
    world
        .write(async |tx| tx.passkey_used(&id, "{\"n\":1}").await)
        .await
        .unwrap();
    let used = found(HOST).await.unwrap();
    assert_eq!(
        (used.credential.as_str(), used.last_used_at),
        ("{\"n\":1}", Some(world.store.now()))
    );
    let staff = owner(&world).await;
    let foreign = world
        .write(async |tx| tx.passkey_remove(&staff, &id).await)
        .await;
    assert_eq!(not_found(foreign), "passkey");
    world
        .write(async |tx| tx.passkey_remove(&client, &id).await)
        .await
        .unwrap();
    let all = world
        .read(async |tx| tx.passkeys_of(&client.id).await)
        .await;
    assert!(all.unwrap().is_empty());
}

async fn a_ceremony_ends_once_where_it_began(world: World) {
    let state = SecretString::from("challenge");
    let secret = world
        .write(async |tx| tx.ceremony_begin(Ceremony::PasskeyNew, HOST, &state).await)
        .await
        .unwrap();
    let take = async |kind, host: &str| {
        let taken = world
            .write(async |tx| tx.ceremony_take(kind, host, &secret).await)
            .await;
        taken.unwrap()
    };
    assert!(take(Ceremony::PasskeySignIn, HOST).await.is_none());
    assert!(take(Ceremony::PasskeyNew, "other.example").await.is_none());
    let taken = take(Ceremony::PasskeyNew, HOST).await.unwrap();
    assert_eq!(taken.expose_secret(), "challenge");
    assert!(take(Ceremony::PasskeyNew, HOST).await.is_none());
    world
        .write(async |tx| tx.ceremony_begin(Ceremony::Oidc, HOST, &state).await)
        .await
        .unwrap();
    world.later(Duration::from_mins(10) + Duration::from_micros(1));
    assert_eq!(
        world
            .platform(async |tx| tx.ceremonies_drop_ended().await)
            .await,
        1
    );
}

fn provider<'a>(issuer: &'a str, secret: &'a SecretString) -> NewIdentityProvider<'a> {
    NewIdentityProvider {
        issuer,
        client_id: "ours",
        client_secret: secret,
    }
}

async fn k9_an_identity_providers_secret_is_sealed(world: World) {
    let secret = SecretString::from("planted-client-secret");
    let put = async || {
        let new = provider("https://idp.example", &secret);
        world
            .write(async |tx| tx.identity_provider_put(new, "staff").await)
            .await
            .unwrap()
    };
    let ctx = put().await;
    assert_eq!(put().await, ctx, "its callback stays");
    let found = world
        .read(async |tx| tx.identity_provider().await)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.client_secret.expose_secret(), secret.expose_secret());
    let stored = format!(
        "{:?}",
        world
            .sql("select client_secret from identity_providers")
            .await
    );
    assert!(!stored.contains("planted"));
    world
        .write(async |tx| tx.identity_provider_remove("staff").await)
        .await
        .unwrap();
    let gone = world
        .write(async |tx| tx.identity_provider_remove("staff").await)
        .await;
    assert_eq!(not_found(gone), "identity provider");
}

async fn a_subject_at_the_provider_is_one_person(world: World) {
    let staff = owner(&world).await;
    let secret = SecretString::from("hush");
    let put = async |issuer: &str| {
        let new = provider(issuer, &secret);
        world
            .write(async |tx| tx.identity_provider_put(new, "staff").await)
            .await
            .unwrap();
    };
    let fits = async |subject: &str| {
        let fits = world
            .write(async |tx| tx.oidc_subject_fits(&staff, subject).await)
            .await;
        fits.unwrap()
    };
    put("https://idp.example").await;
    assert!(fits("one").await);
    assert!(fits("one").await);
    assert!(
        !fits("two").await,
        "the address was given to somebody else there"
    );
    put("https://other.example").await;
    assert!(fits("two").await);
}
