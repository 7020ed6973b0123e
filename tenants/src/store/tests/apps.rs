use secrecy::{ExposeSecret, SecretString};

use super::world::{World, not_found, refusal};
use crate::{
    catalogue::{App, Catalogue, ClientAuth},
    store::{ClientContext, NewOauthClient},
    values::Host,
};

contract! {
    an_app_of_the_agencys_own_is_known_beside_the_catalogues,
    a_slug_of_the_catalogue_or_of_an_own_app_is_taken,
    the_same_slug_may_be_an_own_app_of_two_agencies,
    an_oauth_client_reads_back_with_its_secret,
    a_replaced_oauth_client_keeps_its_id_and_its_redirect_uri,
    a_public_oauth_client_has_no_secret,
    a_redirect_uri_moves_only_when_it_is_said,
    contexts_list_the_apps_that_have_an_oauth_client,
    a_redirect_uri_is_known_before_its_oauth_client,
}

async fn an_app_of_the_agencys_own_is_known_beside_the_catalogues(world: World) {
    let app = own_app("acme-crm");
    create(&world, &app).await.unwrap();
    let known = async |slug: &str| world.read(async |tx| tx.app(slug).await).await.unwrap();
    assert_eq!(known("acme-crm").await.as_deref(), Some(&app));
    assert_eq!(known("slack").await.unwrap().slug, "slack");
    assert_eq!(known("nothing").await, None);
    let own = world.read(async |tx| tx.own_apps().await).await.unwrap();
    assert_eq!(own, [app]);
    assert_eq!(world.events_of("app.created").await, 1);
}

async fn a_slug_of_the_catalogue_or_of_an_own_app_is_taken(world: World) {
    create(&world, &own_app("acme-crm")).await.unwrap();
    let before = world.rows().await;
    for slug in ["slack", "acme-crm"] {
        assert_eq!(refusal(create(&world, &own_app(slug)).await), "slug_taken");
    }
    assert_eq!(world.rows().await, before);
}

async fn the_same_slug_may_be_an_own_app_of_two_agencies(world: World) {
    let (ours, mut theirs) = (own_app("acme-crm"), own_app("acme-crm"));
    theirs.name = "Their CRM".to_owned();
    create(&world, &ours).await.unwrap();
    world
        .write_foreign(async |tx| tx.app_create(&theirs, "staff").await)
        .await
        .unwrap();
    let found = world.read(async |tx| tx.app("acme-crm").await).await;
    assert_eq!(found.unwrap().as_deref(), Some(&ours));
    let found = world
        .read_foreign(async |tx| tx.app("acme-crm").await)
        .await;
    assert_eq!(found.unwrap().as_deref(), Some(&theirs));
}

async fn an_oauth_client_reads_back_with_its_secret(world: World) {
    let put = put(&world, "slack", &client("one", Some("hush"))).await;
    let read = world
        .read(async |tx| tx.oauth_client("slack").await)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((&read.id, &read.ctx), (&put.id, &put.ctx));
    assert_eq!(read.client_id, "one");
    assert_eq!(read.client_secret.unwrap().expose_secret(), "hush");
    assert_eq!(read.auth_method, Some(ClientAuth::Basic));
    assert_eq!(read.scopes, Some(vec!["users:read".to_owned()]));
    // O4: 128 random bits.
    assert_eq!(read.ctx.len(), 22);
    assert_eq!(world.events_of("oauth_client.stored").await, 1);
}

async fn a_replaced_oauth_client_keeps_its_id_and_its_redirect_uri(world: World) {
    let first = put(&world, "slack", &client("one", Some("hush"))).await;
    let second = put(&world, "slack", &client("two", Some("quiet"))).await;
    assert_eq!((&first.id, &first.ctx), (&second.id, &second.ctx));
    assert_eq!(second.client_id, "two");
    assert_eq!(second.client_secret.unwrap().expose_secret(), "quiet");
}

async fn a_public_oauth_client_has_no_secret(world: World) {
    put(&world, "slack", &client("one", Some("hush"))).await;
    let public = put(&world, "slack", &client("one", None)).await;
    assert!(public.client_secret.is_none());
    assert_eq!(
        world
            .count("oauth_clients where client_secret is null")
            .await,
        1
    );
}

async fn contexts_list_the_apps_that_have_an_oauth_client(world: World) {
    let slack = put(&world, "slack", &client("one", Some("hush"))).await;
    let gmail = put(&world, "gmail", &client("two", None)).await;
    let contexts = world
        .read(async |tx| tx.oauth_client_contexts().await)
        .await
        .unwrap();
    let context = |client: crate::OauthClient| ClientContext {
        app: client.app,
        ctx: client.ctx,
        redirect_host: None,
    };
    assert_eq!(contexts, [context(gmail), context(slack)]);
}

async fn a_redirect_uri_is_known_before_its_oauth_client(world: World) {
    let context = async || {
        world
            .read(async |tx| tx.redirect_context("slack").await)
            .await
    };
    assert_eq!(context().await.unwrap(), None);
    let reserve = async || {
        world
            .write(async |tx| tx.redirect_reserve("slack").await)
            .await
            .unwrap()
    };
    let ctx = reserve().await;
    assert_eq!(reserve().await, ctx, "who asks again gets the same");
    assert_eq!(context().await.unwrap().unwrap().ctx, ctx);
    let client = put(&world, "slack", &client("one", Some("hush"))).await;
    assert_eq!(client.ctx, ctx);
    assert_eq!(context().await.unwrap().unwrap().ctx, ctx);
}

async fn a_redirect_uri_moves_only_when_it_is_said(world: World) {
    let host = "connect.ours.example";
    put(&world, "slack", &client("one", None)).await;
    world.primary(&world.ours, Some(host)).await;
    let same = put(&world, "slack", &client("two", None)).await;
    assert_eq!(same.redirect_host, None, "replacing it moves nothing");
    let new = put(&world, "gmail", &client("one", None)).await;
    let host = Some(host.parse().unwrap());
    assert_eq!(
        new.redirect_host, host,
        "a new one starts at the primary host"
    );

    let to = async |app: &str, host: Option<&Host>| {
        world
            .write(async |tx| tx.oauth_client_move(app, host, "staff").await)
            .await
    };
    for _ in 0..2 {
        let moved = to("slack", host.as_ref()).await.unwrap();
        assert_eq!((&moved.redirect_host, &moved.ctx), (&host, &same.ctx));
    }
    assert_eq!(world.events_of("oauth_client.moved").await, 1);
    assert_eq!(to("slack", None).await.unwrap().redirect_host, None);
    assert_eq!(not_found(to("github", None).await), "OAuth client");
}

pub fn own_app(slug: &str) -> App {
    let mut app = Catalogue::builtin().app("slack").expect("slack").clone();
    app.slug = slug.to_owned();
    app
}

pub fn client(id: &str, secret: Option<&str>) -> NewOauthClient {
    NewOauthClient {
        client_id: id.to_owned(),
        client_secret: secret.map(SecretString::from),
        auth_method: Some(ClientAuth::Basic),
        scopes: Some(vec!["users:read".to_owned()]),
    }
}

async fn create(world: &World, app: &App) -> Result<(), crate::ActionError> {
    world
        .write(async |tx| tx.app_create(app, "staff").await)
        .await
}

async fn put(world: &World, app: &str, client: &NewOauthClient) -> crate::OauthClient {
    world
        .write(async |tx| tx.oauth_client_put(app, client, "staff").await)
        .await
        .unwrap()
}
