use std::time::Duration;

use secrecy::ExposeSecret;

use super::world::{World, page, refusal};
use crate::{
    AgencyStatus, KeyScope, NewAgency, PREVIEW_SLUG, PageOf, WorkspaceId,
    secret::{API_KEY_PREFIX, parse_secret},
};

contract! {
    an_agency_starts_active_with_an_owner_and_its_first_event,
    a_slug_belongs_to_one_agency_and_a_refused_one_leaves_nothing,
    an_agency_is_found_by_its_slug_and_in_the_list,
    the_host_of_previews_is_added_once_and_is_no_agency_of_the_list,
    mail_to_an_agency_goes_to_its_support_address_else_to_its_owner,
    a_brand_and_a_status_are_stored_and_a_status_is_an_event,
    a_workspace_slug_is_unique_within_its_agency_only,
    workspaces_are_listed_newest_first_page_by_page,
    an_api_key_opens_its_agency_with_its_scopes,
    an_unknown_or_revoked_api_key_opens_nothing,
    a_key_of_a_suspended_agency_says_so,
}

async fn an_agency_starts_active_with_an_owner_and_its_first_event(world: World) {
    let agency = world
        .read(async |tx| tx.agency_itself().await)
        .await
        .unwrap();
    assert_eq!(agency.id, world.ours.id);
    assert_eq!(agency.slug.as_str(), "ours");
    assert_eq!(agency.status, AgencyStatus::Active);
    assert_eq!(agency.created_at, world.store.now());
    assert_eq!(world.events().await[0], "agency.created");
    assert_eq!(world.count("members where role = 'owner'").await, 2);
    assert_eq!(world.count("data_keys where scope = 'agency'").await, 2);
}

async fn a_slug_belongs_to_one_agency_and_a_refused_one_leaves_nothing(world: World) {
    let before = world.rows().await;
    let again = new_agency("ours");
    assert_eq!(
        refusal(world.store.agency_create(again).await),
        "slug_taken"
    );
    assert_eq!(world.rows().await, before);
}

async fn the_host_of_previews_is_added_once_and_is_no_agency_of_the_list(world: World) {
    let before = world.platform(async |tx| tx.edge_version().await).await;
    for _ in 0..2 {
        world.store.preview_host_add().await.unwrap();
    }
    assert_eq!(world.count("agencies where slug = 'preview'").await, 1);
    let all = world.platform(async |tx| tx.agencies().await).await;
    assert!(
        all.iter()
            .all(|agency| agency.slug.as_str() != PREVIEW_SLUG)
    );
    let changes = world
        .platform(async |tx| tx.edge_changes(before, 9).await)
        .await;
    assert_eq!(changes.agencies[0].slug.as_str(), PREVIEW_SLUG);
    let missing = world
        .platform(async |tx| tx.platform_domains_missing(9).await)
        .await;
    assert!(
        missing
            .iter()
            .any(|(_, slug)| slug.as_str() == PREVIEW_SLUG)
    );
    let refused = world.store.agency_create(new_agency(PREVIEW_SLUG)).await;
    assert_eq!(refusal(refused), "slug_taken");
}

async fn an_agency_is_found_by_its_slug_and_in_the_list(world: World) {
    world.store.agency_create(new_agency("also")).await.unwrap();
    let slug = "theirs".parse().unwrap();
    let found = world
        .platform(async |tx| tx.agency_by_slug(&slug).await)
        .await;
    assert_eq!(found.unwrap().id, world.theirs.id);
    let unknown = "nobody".parse().unwrap();
    let found = world
        .platform(async |tx| tx.agency_by_slug(&unknown).await)
        .await;
    assert!(found.is_none());
    let all = world.platform(async |tx| tx.agencies().await).await;
    let slugs: Vec<&str> = all.iter().map(|agency| agency.slug.as_str()).collect();
    assert_eq!(slugs, ["also", "ours", "theirs"]);
}

async fn mail_to_an_agency_goes_to_its_support_address_else_to_its_owner(world: World) {
    let contact = async || {
        let contact = world.read(async |tx| tx.agency_contact().await).await;
        contact.unwrap().unwrap().to_string()
    };
    assert_eq!(contact().await, "help@ours.example");
    let mut agency = world.ours.clone();
    agency.support_email = None;
    world
        .write(async |tx| tx.agency_set_brand(&agency, "staff").await)
        .await
        .unwrap();
    assert_eq!(contact().await, "owner@ours.example");
}

async fn a_brand_and_a_status_are_stored_and_a_status_is_an_event(world: World) {
    let mut agency = world.ours.clone();
    agency.name = "Ours & Co".parse().unwrap();
    agency.brand_color = "#123456".to_owned();
    world
        .write(async |tx| {
            tx.agency_set_brand(&agency, "staff").await?;
            tx.agency_set_status(AgencyStatus::Suspended).await
        })
        .await
        .unwrap();
    let stored = world
        .read(async |tx| tx.agency_itself().await)
        .await
        .unwrap();
    assert_eq!(stored.name.as_str(), "Ours & Co");
    assert_eq!(stored.brand_color, "#123456");
    assert_eq!(stored.status, AgencyStatus::Suspended);
    world
        .write(async |tx| tx.agency_set_status(AgencyStatus::Active).await)
        .await
        .unwrap();
    assert_eq!(world.events_of("agency.suspended").await, 1);
    assert_eq!(world.events_of("agency.resumed").await, 1);
    let theirs = world
        .read_foreign(async |tx| tx.agency_itself().await)
        .await;
    assert_eq!(theirs.unwrap().name, world.theirs.name);
}

async fn a_workspace_slug_is_unique_within_its_agency_only(world: World) {
    // Both agencies of the world have a workspace `globex` already.
    let before = world.rows().await;
    let (name, slug) = ("Globex".parse().unwrap(), "globex".parse().unwrap());
    let again = world
        .write(async |tx| tx.workspace_create(name, slug, "staff").await)
        .await;
    assert_eq!(refusal(again), "slug_taken");
    assert_eq!(world.rows().await, before);
}

async fn workspaces_are_listed_newest_first_page_by_page(world: World) {
    for number in 1..=4 {
        world.later(Duration::from_millis(1));
        let (name, slug) = ("W".parse().unwrap(), format!("w{number}").parse().unwrap());
        world
            .write(async |tx| tx.workspace_create(name, slug, "staff").await)
            .await
            .unwrap();
    }
    let mut seen = Vec::new();
    let mut page: PageOf<WorkspaceId> = page(2);
    loop {
        let found = world
            .read(async |tx| tx.workspaces(&page).await)
            .await
            .unwrap();
        let Some(last) = found.last() else { break };
        page.after = Some(last.id.clone());
        seen.extend(found.iter().map(|workspace| workspace.slug.to_string()));
    }
    assert_eq!(seen, ["w4", "w3", "w2", "w1", "globex"]);
}

async fn an_api_key_opens_its_agency_with_its_scopes(world: World) {
    let scopes = [KeyScope::RequestsWrite, KeyScope::ConnectionsToken];
    let (id, secret) = world.api_key(&world.ours, &scopes).await;
    assert!(parse_secret(API_KEY_PREFIX, secret.expose_secret()).is_some());
    let (key, status) = world
        .platform(async |tx| tx.api_key_by_secret(&secret).await)
        .await
        .unwrap();
    assert_eq!((key.id, key.agency_id), (id, world.ours.id.clone()));
    assert_eq!(key.scopes, scopes);
    assert_eq!(status, AgencyStatus::Active);
}

async fn an_unknown_or_revoked_api_key_opens_nothing(world: World) {
    let (id, secret) = world.api_key(&world.ours, KeyScope::ALL).await;
    let unknown = crate::secret::new_secret(API_KEY_PREFIX, &*world.entropy);
    let found = world
        .platform(async |tx| tx.api_key_by_secret(&unknown).await)
        .await;
    assert!(found.is_none());
    world
        .sql(&format!(
            "update api_keys set revoked_at = 1 where id = '{id}'"
        ))
        .await;
    let found = world
        .platform(async |tx| tx.api_key_by_secret(&secret).await)
        .await;
    assert!(found.is_none());
}

async fn a_key_of_a_suspended_agency_says_so(world: World) {
    let (_, secret) = world.api_key(&world.ours, KeyScope::ALL).await;
    world
        .write(async |tx| tx.agency_set_status(AgencyStatus::Suspended).await)
        .await
        .unwrap();
    let found = world
        .platform(async |tx| tx.api_key_by_secret(&secret).await)
        .await;
    assert_eq!(found.unwrap().1, AgencyStatus::Suspended);
}

fn new_agency(slug: &str) -> NewAgency {
    NewAgency {
        slug: slug.parse().unwrap(),
        name: "Agency".parse().unwrap(),
        owner_email: "owner@agency.example".parse().unwrap(),
        support_email: None,
        brand_color: "#2f6f4f".to_owned(),
    }
}
