//! Which version is published, how that moves, and what goes with it.

use std::time::Duration;

use super::{
    themes::{draft, published},
    world::{World, not_found, refusal},
};
use crate::{ActionError, ThemeId, ThemeMove, ThemeMoveWhy, ThemeVersion, store::PublishTheme};

contract! {
    publishing_moves_the_pointer_and_writes_history,
    who_expects_another_version_changes_nothing,
    two_who_publish_at_once_do_so_one_after_the_other,
    publishing_the_published_version_does_nothing,
    a_failing_version_gives_way_to_the_one_before_it,
    a_version_that_failed_is_not_gone_back_to_by_itself,
    fifty_published_versions_are_kept_and_those_of_queued_mails,
    a_mail_keeps_the_theme_that_was_published_when_it_was_queued,
    a_file_is_found_while_its_version_is_kept,
}

async fn publish(
    world: &World,
    to: Option<&ThemeId>,
    expected: Option<Option<&ThemeId>>,
) -> Result<Option<ThemeMove>, ActionError> {
    world.later(Duration::from_millis(1));
    world
        .write(async |tx| {
            let wish = PublishTheme {
                to,
                expected,
                paths: &[],
            };
            tx.theme_publish(wish, "staff").await
        })
        .await
}

async fn now(world: &World) -> Option<ThemeVersion> {
    world
        .read(async |tx| tx.theme_current().await)
        .await
        .unwrap()
}

async fn moves(world: &World) -> Vec<ThemeMove> {
    let moves = world.read(async |tx| tx.theme_moves(None, 99).await).await;
    moves.unwrap()
}

async fn fall_back(world: &World, version: &ThemeVersion) -> Option<ThemeMove> {
    world.later(Duration::from_millis(1));
    world
        .write(async |tx| tx.theme_fall_back(&version.hash, "it failed").await)
        .await
        .unwrap()
}

async fn publishing_moves_the_pointer_and_writes_history(world: World) {
    let (one, two) = (draft(&world, "one").await, draft(&world, "two").await);
    assert!(now(&world).await.is_none());
    for to in [Some(&one.id), Some(&two.id), Some(&one.id), None] {
        publish(&world, to, None).await.unwrap().unwrap();
        assert_eq!(now(&world).await.map(|now| now.id).as_ref(), to);
    }
    let whys: Vec<_> = moves(&world)
        .await
        .into_iter()
        .map(|step| step.why)
        .collect();
    let (published, back) = (ThemeMoveWhy::Published, ThemeMoveWhy::RolledBack);
    assert_eq!(whys, [back, back, published, published]);
    let last = &moves(&world).await[0];
    assert_eq!((last.seq, &last.from, &last.to), (4, &Some(one.id), &None));
    assert_eq!((last.actor.as_str(), last.at), ("staff", world.store.now()));
    assert_eq!(world.events_of("theme.published").await, 2);
    assert_eq!(world.events_of("theme.rolled_back").await, 2);
    let older = world
        .read(async |tx| tx.theme_moves(Some(2), 99).await)
        .await;
    assert_eq!(older.unwrap().len(), 1);
}

async fn who_expects_another_version_changes_nothing(world: World) {
    let (one, two) = (draft(&world, "one").await, draft(&world, "two").await);
    let wrong = publish(&world, Some(&one.id), Some(Some(&two.id))).await;
    assert_eq!(refusal(wrong), "theme_moved");
    publish(&world, Some(&one.id), Some(None)).await.unwrap();
    let wrong = publish(&world, Some(&two.id), Some(None)).await;
    assert_eq!(refusal(wrong), "theme_moved");
    publish(&world, Some(&two.id), Some(Some(&one.id)))
        .await
        .unwrap();
    assert_eq!(moves(&world).await.len(), 2);
    let gone = draft(&world, "gone").await;
    world
        .write(async |tx| tx.theme_delete(&gone.id, "staff").await)
        .await
        .unwrap();
    let missing = publish(&world, Some(&gone.id), None).await;
    assert_eq!(not_found(missing), "theme");
}

async fn two_who_publish_at_once_do_so_one_after_the_other(world: World) {
    let (one, two) = (draft(&world, "one").await, draft(&world, "two").await);
    let (a, b) = tokio::join!(
        publish(&world, Some(&one.id), Some(None)),
        publish(&world, Some(&two.id), Some(None)),
    );
    assert_eq!([&a, &b].iter().filter(|step| step.is_ok()).count(), 1);
    let lost = if a.is_ok() { b } else { a };
    assert_eq!(refusal(lost), "theme_moved");
    assert_eq!(moves(&world).await.len(), 1);
}

async fn publishing_the_published_version_does_nothing(world: World) {
    let one = published(&world, "one").await;
    assert!(
        publish(&world, Some(&one.id), None)
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(moves(&world).await.len(), 1);
}

async fn a_failing_version_gives_way_to_the_one_before_it(world: World) {
    let (one, two) = (
        published(&world, "one").await,
        published(&world, "two").await,
    );
    // It is not published any more, so it does no harm.
    assert!(fall_back(&world, &one).await.is_none());
    let step = fall_back(&world, &two).await.unwrap();
    assert_eq!(step.to, Some(one.id.clone()));
    assert_eq!(
        (step.why, step.actor.as_str()),
        (ThemeMoveWhy::Automatic, "system")
    );
    assert_eq!(step.reason.as_deref(), Some("it failed"));
    assert_eq!(now(&world).await.unwrap().id, one.id);
    assert_eq!(fall_back(&world, &one).await.unwrap().to, None);
    assert!(now(&world).await.is_none());
    assert_eq!(world.events_of("theme.rolled_back").await, 2);
}

async fn a_version_that_failed_is_not_gone_back_to_by_itself(world: World) {
    let one = published(&world, "one").await;
    fall_back(&world, &one).await.unwrap();
    publish(&world, Some(&one.id), None).await.unwrap();
    let two = published(&world, "two").await;
    assert_eq!(fall_back(&world, &two).await.unwrap().to, None);
}

async fn fifty_published_versions_are_kept_and_those_of_queued_mails(world: World) {
    let first = published(&world, "first").await;
    world.sent().await;
    let second = published(&world, "second").await;
    for number in 0..49 {
        published(&world, &format!("v{number}")).await;
    }
    assert_eq!(
        world.count("themes").await,
        51,
        "a queued mail holds the first"
    );
    world.sql("update mails set status = 'sent'").await;
    published(&world, "last").await;
    assert_eq!(world.count("themes").await, 50);
    for gone in [first, second] {
        let found = world.read(async |tx| tx.theme(&gone.id).await).await;
        assert!(found.unwrap().is_none());
    }
    assert_eq!(world.count("theme_moves").await, 52, "history stays");
}

async fn a_mail_keeps_the_theme_that_was_published_when_it_was_queued(world: World) {
    let bare = world.sent().await;
    let one = published(&world, "one").await;
    let branded = world.sent().await;
    published(&world, "two").await;
    for (request, theme) in [(bare, None), (branded, Some(one.hash))] {
        let mails = world.read(async |tx| tx.mails_of(&request.id).await).await;
        assert_eq!(mails.unwrap()[0].theme, theme);
    }
}

async fn a_file_is_found_while_its_version_is_kept(world: World) {
    let (one, two) = (
        published(&world, "one").await,
        published(&world, "two").await,
    );
    draft(&world, "draft").await;
    let of = async |path: &str| {
        let found = world.read(async |tx| tx.theme_of_asset(path).await).await;
        found.unwrap()
    };
    assert_eq!(of("/assets/one.css").await, Some(one.hash));
    assert_eq!(of("/assets/all.png").await, Some(two.hash));
    assert_eq!(of("/assets/draft.css").await, None);
}
