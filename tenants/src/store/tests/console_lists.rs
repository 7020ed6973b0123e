//! What the console lists and looks for.

use std::time::Duration;

use super::{
    gates::{fail, revoke},
    people_estate::{invite, joined},
    world::{World, page, slot},
};
use crate::{
    ConnectionStatus, EventType, KeyScope, Role, Timestamp,
    store::{Audience, ConnectionSearch, EventFilter, MemberSearch},
};

contract! {
    workspaces_are_found_by_a_part_of_name_or_slug_with_what_is_in_them,
    connections_are_found_by_account_app_person_and_workspace,
    people_are_found_on_their_side_of_the_agency,
    keys_are_listed_while_they_work,
    lines_of_the_log_are_found_by_who_what_and_when,
}

async fn workspaces_are_found_by_a_part_of_name_or_slug_with_what_is_in_them(world: World) {
    let (_, _, broken) = world.connected("slack").await;
    world.connected("gmail").await;
    world.sent().await;
    fail(&world, &broken).await;
    world.later(Duration::from_millis(1));
    let other = world
        .write(async |tx| {
            let (name, slug) = ("100% Initech".parse().unwrap(), "init".parse().unwrap());
            tx.workspace_create(name, slug, "staff").await
        })
        .await
        .unwrap();
    let found = async |text: &str| {
        let rows = world
            .read(async |tx| tx.workspace_rows(text, &page(9)).await)
            .await
            .unwrap();
        rows.into_iter()
            .map(|row| row.workspace.slug.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(found("").await, ["init", "globex"]);
    assert_eq!(found(" GLOB ").await, ["globex"]);
    assert_eq!(found("100% i").await, ["init"]);
    assert!(found("lobex").await.is_empty(), "only words begin so");
    assert!(found("g%x").await.is_empty(), "a sign stands for itself");
    let row = world
        .read(async |tx| tx.workspace_row(&world.workspace.id).await)
        .await;
    let row = row.unwrap().unwrap();
    let counts = [row.clients, row.workflows, row.connections, row.broken];
    assert_eq!((counts, row.waiting), ([0, 3, 2, 1], 1));
    world
        .write(async |tx| {
            let name = "Initech".parse().unwrap();
            tx.workspace_rename(&other.id, &name, "staff").await?;
            tx.workspace_rename(&other.id, &name, "staff").await
        })
        .await
        .unwrap();
    assert_eq!(found("initech").await, ["init"]);
    assert_eq!(world.events_of("workspace.renamed").await, 1);
}

async fn connections_are_found_by_account_app_person_and_workspace(world: World) {
    let (workflow, _, slack) = world.connected("slack").await;
    world.later(Duration::from_millis(1));
    let (_, _, gmail) = world.connected("gmail").await;
    revoke(&world, &gmail).await;
    let found = async |search: ConnectionSearch| {
        let rows = world
            .read(async |tx| tx.connection_rows(&search, &page(9)).await)
            .await
            .unwrap();
        rows.into_iter()
            .map(|row| row.connection.id)
            .collect::<Vec<_>>()
    };
    let text = |text: &str| ConnectionSearch {
        text: text.to_owned(),
        ..ConnectionSearch::default()
    };
    let both = [gmail.clone(), slack.clone()];
    for wanted in ["", "T01@", "jo@globex", "Globex"] {
        assert_eq!(found(text(wanted)).await, both, "{wanted}");
    }
    assert_eq!(found(text("sla")).await, std::slice::from_ref(&slack));
    for text in ["", "globex"] {
        let active = ConnectionSearch {
            status: Some(ConnectionStatus::Active),
            text: text.to_owned(),
        };
        assert_eq!(found(active).await, std::slice::from_ref(&slack));
    }
    let here = &world.workspace.id;
    let (row, gone, feeds, newest) = world
        .read(async |tx| {
            let row = tx.connection_row(&slack).await?.unwrap();
            let gone = tx.connection_row(&gmail).await?.unwrap();
            let feeds = tx.connection_feeds(&slack).await?;
            let newest = tx.connection_rows_of_workspace(here, 1).await?;
            Ok::<_, crate::StoreError>((row, gone, feeds, newest))
        })
        .await
        .unwrap();
    assert_eq!(row.workspace, world.workspace.name);
    assert!(row.renews && row.refreshed_at.is_some() && row.expires_at.is_some());
    assert!(!gone.renews && gone.refreshed_at.is_none());
    assert_eq!(feeds, [(workflow.id, workflow.name)]);
    assert_eq!((newest.len(), &newest[0].connection.id), (1, &gmail));
    for (status, count) in [
        (ConnectionStatus::Active, "1"),
        (ConnectionStatus::Revoked, "1"),
        (ConnectionStatus::Error, "0"),
    ] {
        let counted = world
            .read(async |tx| tx.connection_count(status).await)
            .await;
        assert_eq!(counted.unwrap().to_string(), count);
    }
}

async fn people_are_found_on_their_side_of_the_agency(world: World) {
    world.workflow(vec![slot("slack")]).await;
    joined(&world, "jo@globex.example", Role::Client).await;
    joined(&world, "ad@ours.example", Role::Member).await;
    invite(&world, "new@ours.example", Role::Admin)
        .await
        .unwrap();
    let found = async |audience: Audience, text: &str| {
        let search = MemberSearch {
            audience,
            text: text.to_owned(),
        };
        let rows = world
            .read(async |tx| tx.member_rows(&search, &page(9)).await)
            .await
            .unwrap();
        let mut found: Vec<_> = rows
            .into_iter()
            .map(|row| row.member.email.to_string())
            .collect();
        found.sort();
        found
    };
    let staff = ["ad@ours.example", "owner@ours.example"];
    assert_eq!(found(Audience::Staff, "").await, staff);
    assert_eq!(found(Audience::Clients, "").await, ["jo@globex.example"]);
    assert_eq!(found(Audience::Everybody, "AD@").await, ["ad@ours.example"]);
    assert_eq!(
        found(Audience::Everybody, "glob").await,
        ["jo@globex.example"]
    );
    assert_eq!(found(Audience::Everybody, "").await.len(), 3);
    let (waiting, here, none, without) = world
        .read(async |tx| {
            let waiting = tx.invitation_rows(None, "NEW", &page(9)).await?;
            let id = &world.workspace.id;
            let here = tx.invitation_rows(Some(id), "", &page(9)).await?;
            let none = tx.invitation_rows(None, "nobody", &page(9)).await?;
            let without = tx.staff_without_totp().await?;
            Ok::<_, crate::StoreError>((waiting, here, none, without))
        })
        .await
        .unwrap();
    assert_eq!(waiting.len(), 1);
    assert!(here.is_empty() && none.is_empty());
    assert_eq!(without, 2);
}

async fn keys_are_listed_while_they_work(world: World) {
    let (first, secret) = world.api_key(&world.ours, &[KeyScope::EventsRead]).await;
    world.later(Duration::from_millis(1));
    let (second, _) = world.api_key(&world.ours, KeyScope::ALL).await;
    let keys = async || {
        let keys = world.read(async |tx| tx.api_keys("", &page(9)).await).await;
        keys.unwrap()
    };
    let listed = keys().await;
    let ids: Vec<_> = listed.iter().map(|key| key.id.clone()).collect();
    assert_eq!(ids, [second, first.clone()]);
    assert_eq!(listed[1].scopes, [KeyScope::EventsRead]);
    assert_eq!(listed[1].created_by.as_deref(), Some("operator"));
    assert_eq!(listed[1].last_used_at, None);
    for (text, found) in [("TES", 2), ("%", 0), ("other", 0)] {
        let keys = world
            .read(async |tx| tx.api_keys(text, &page(9)).await)
            .await;
        assert_eq!(keys.unwrap().len(), found, "{text}");
    }
    let now = world.store.now();
    world
        .write(async |tx| {
            tx.api_key_used(&first, now).await?;
            tx.api_key_used(&first, now.minus(Duration::from_secs(1)))
                .await
        })
        .await
        .unwrap();
    assert_eq!(keys().await[1].last_used_at, Some(now));
    for _ in 0..2 {
        let revoked = world
            .write(async |tx| tx.api_key_revoke(&first, "staff").await)
            .await;
        drop(revoked);
    }
    assert_eq!(keys().await.len(), 1);
    assert_eq!(world.events_of("api_key.revoked").await, 1);
    let opened = world
        .platform(async |tx| tx.api_key_by_secret(&secret).await)
        .await;
    assert!(opened.is_none());
}

async fn lines_of_the_log_are_found_by_who_what_and_when(world: World) {
    let start = world.store.now();
    world.sent().await;
    world.later(Duration::from_hours(1));
    let later = world.store.now();
    world.connected("slack").await;
    let count = async |filter: EventFilter| {
        let found = world.read(async |tx| tx.events(&filter, 99).await).await;
        found.unwrap().len()
    };
    let all = count(EventFilter::default()).await;
    let between = |since: Option<Timestamp>, until: Option<Timestamp>| EventFilter {
        since,
        until,
        ..EventFilter::default()
    };
    let (before, after) = (
        count(between(None, Some(later))).await,
        count(between(Some(later), None)).await,
    );
    assert!(before > 0 && after > 0 && before + after == all);
    assert_eq!(count(between(Some(start), Some(start))).await, 0);
    let by = |actor: &str, kind: Option<EventType>| EventFilter {
        actor: Some(actor.to_owned()),
        kind,
        ..EventFilter::default()
    };
    let staff = count(by("staff", None)).await;
    assert!(staff > 0 && staff < all);
    let sent = Some(EventType::RequestSent);
    assert_eq!(count(by("staff", sent)).await, 2);
    assert_eq!(count(by("recipient", sent)).await, 0);
    let by_kind = EventFilter {
        kind: sent,
        since: Some(later),
        ..EventFilter::default()
    };
    assert_eq!(count(by_kind).await, 1);
}
