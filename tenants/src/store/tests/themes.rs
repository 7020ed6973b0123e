//! Versions of an agency's theme.

use std::time::Duration;

use secrecy::ExposeSecret;

use super::world::{World, not_found, page, refusal};
use crate::{
    ActionError, StoreError, ThemeKind, ThemeVersion, Tx,
    store::{NewTheme, PublishTheme},
};

contract! {
    a_version_is_kept_with_its_package_and_its_report,
    the_same_package_again_is_the_version_that_there_is,
    an_agency_keeps_twenty_drafts,
    only_a_draft_can_be_deleted,
    versions_are_listed_newest_first,
    a_ticket_opens_only_as_it_was_sealed,
}

pub async fn add(tx: &mut Tx, name: &str) -> Result<(ThemeVersion, bool), ActionError> {
    let new = NewTheme {
        hash: &format!("hash-of-{name}"),
        name,
        version: "1.0.0",
        kind: ThemeKind::Package,
        package: name.as_bytes(),
        report: &serde_json::json!({ "findings": [] }),
    };
    tx.theme_add(new, "staff").await
}

pub async fn draft(world: &World, name: &str) -> ThemeVersion {
    world.later(Duration::from_millis(1));
    let added = world.write(async |tx| add(tx, name).await).await;
    added.unwrap().0
}

/// A version of ours with two files, published.
pub async fn published(world: &World, name: &str) -> ThemeVersion {
    let version = draft(world, name).await;
    let paths = [format!("/assets/{name}.css"), "/assets/all.png".to_owned()];
    world
        .write(async |tx| {
            let wish = PublishTheme {
                to: Some(&version.id),
                expected: None,
                paths: &paths,
            };
            tx.theme_publish(wish, "staff").await?;
            Ok::<_, ActionError>(tx.theme(&version.id).await?.unwrap())
        })
        .await
        .unwrap()
}

async fn a_version_is_kept_with_its_package_and_its_report(world: World) {
    let (version, new) = world.write(async |tx| add(tx, "one").await).await.unwrap();
    assert!(new && !version.current && version.published_at.is_none());
    assert_eq!(
        (version.name.as_str(), version.kind),
        ("one", ThemeKind::Package)
    );
    assert_eq!(version.report["findings"], serde_json::json!([]));
    assert_eq!(version.created_at, world.store.now());
    let package = world
        .read(async |tx| tx.theme_package(&version.hash).await)
        .await;
    assert_eq!(package.unwrap().unwrap(), b"one");
    assert_eq!(world.events_of("theme.uploaded").await, 1);
}

async fn the_same_package_again_is_the_version_that_there_is(world: World) {
    let first = draft(&world, "one").await;
    let (again, new) = world.write(async |tx| add(tx, "one").await).await.unwrap();
    assert_eq!((again.id, new), (first.id, false));
    let (theirs, new) = world
        .write_foreign(async |tx| add(tx, "one").await)
        .await
        .unwrap();
    assert!(new);
    assert_eq!(theirs.hash, first.hash);
    assert_eq!(world.events_of("theme.uploaded").await, 1);
}

async fn an_agency_keeps_twenty_drafts(world: World) {
    for number in 0..20 {
        draft(&world, &format!("d{number}")).await;
    }
    let more = world.write(async |tx| add(tx, "more").await).await;
    assert_eq!(refusal(more), "too_many_drafts");
    let known = world.write(async |tx| add(tx, "d7").await).await;
    let (known, _) = known.unwrap();
    world
        .write_foreign(async |tx| add(tx, "theirs").await)
        .await
        .unwrap();
    world
        .write(async |tx| tx.theme_delete(&known.id, "staff").await)
        .await
        .unwrap();
    draft(&world, "more").await;
    // What was published is no draft.
    assert_eq!(world.count("themes where name = 'd7'").await, 0);
}

async fn only_a_draft_can_be_deleted(world: World) {
    let version = published(&world, "one").await;
    let draft = draft(&world, "two").await;
    let delete = async |version: &ThemeVersion| {
        let id = version.id.clone();
        world
            .write(async |tx| tx.theme_delete(&id, "staff").await)
            .await
    };
    assert_eq!(refusal(delete(&version).await), "theme_not_draft");
    assert_eq!(delete(&draft).await.unwrap().id, draft.id);
    assert_eq!(not_found(delete(&draft).await), "theme");
    assert_eq!(world.events_of("theme.deleted").await, 1);
}

async fn versions_are_listed_newest_first(world: World) {
    let mut made = Vec::new();
    for name in ["a", "b", "c"] {
        made.insert(0, draft(&world, name).await.id);
    }
    let mut page = page(2);
    let first = world.read(async |tx| tx.themes(&page).await).await.unwrap();
    page.after = Some(first[1].id.clone());
    let second = world.read(async |tx| tx.themes(&page).await).await.unwrap();
    let ids: Vec<_> = first.into_iter().chain(second).map(|v| v.id).collect();
    assert_eq!(ids, made);
}

async fn a_ticket_opens_only_as_it_was_sealed(world: World) {
    let sealed = world
        .write(async |tx| tx.theme_ticket_seal("ticket").await)
        .await
        .unwrap();
    let open = async |sealed: Vec<u8>| {
        let opened = world
            .read(async |tx| tx.theme_ticket_open(&sealed).await)
            .await;
        opened.map(|ticket| ticket.expose_secret().to_owned())
    };
    assert_eq!(open(sealed.clone()).await.unwrap(), "ticket");
    let mut changed = sealed;
    let last = changed.len() - 1;
    changed[last] ^= 1;
    assert!(matches!(open(changed).await, Err(StoreError::Vault(_))));
    assert!(matches!(open(Vec::new()).await, Err(StoreError::Vault(_))));
}
