use axum::extract::State;
use http::StatusCode;
use latchkey_tenants::{
    OauthClient,
    catalogue::{App, ClientAuth},
    store::NewOauthClient,
    values::Opaque,
};

use super::{
    path_of,
    view::{AppPage, ClientForm, METHODS},
};
use crate::{
    console::{Desk, Typed, done},
    http::{PageError, PageResult, Query, Segment},
    person::{Manage, Sent},
    platform::Platform,
    secret::Secret,
};

/// `POST /dashboard/apps/{app}/client`: stores or replaces the OAuth client.
pub(super) async fn store(
    State(platform): State<Platform>,
    Segment(slug): Segment,
    sent: Sent<Desk<Manage>>,
) -> PageResult {
    let desk = sent.by;
    let mut tx = desk.begin().await?;
    let app = tx.app(&slug).await?.ok_or_else(PageError::not_found)?;
    let known = tx.oauth_client(&app.slug).await?;
    let new = match read(&sent.fields, &app, known.as_ref()) {
        Ok(new) => new,
        Err(form) => {
            tx.redirect_reserve(&app.slug).await?;
            let page = AppPage::of(&mut tx, &app, &platform.urls).await?;
            tx.commit().await?;
            let page = page.with_form(*form);
            return Ok(page.answer(&desk, StatusCode::UNPROCESSABLE_ENTITY));
        }
    };
    tx.oauth_client_put(&app.slug, &new, &desk.actor()).await?;
    desk.commit(tx).await?;
    let text = format!(
        "The OAuth client of {} is stored. Test it now, so that your clients never see an error.",
        app.name
    );
    Ok(done(&path_of(&app.slug), &text))
}

/// What is to be stored, or the form with what is wrong in it.
fn read(
    fields: &Query,
    app: &App,
    known: Option<&OauthClient>,
) -> Result<NewOauthClient, Box<ClientForm>> {
    let method = fields.typed("method");
    let auth = METHODS.iter().find(|(name, _, _)| *name == method);
    let auth = auth.and_then(|(_, auth, _)| *auth);
    let mut form = ClientForm {
        client_id: Typed::of(fields, "client_id"),
        client_secret: Typed::default(),
        method: method.to_owned(),
        keeps_secret: known.is_some_and(|known| known.client_secret.is_some()),
    };
    let client_id = form.client_id.read::<Opaque>();
    let typed = fields.typed("client_secret");
    let public = auth.unwrap_or(app.token.auth) == ClientAuth::None;
    let same = known
        .filter(|known| Some(known.client_id.as_str()) == client_id.as_ref().map(Opaque::as_str));
    let kept = same.and_then(|known| known.client_secret.clone());
    let secret = match typed {
        _ if public => None,
        "" => kept,
        typed => match typed.parse::<Secret>() {
            Ok(secret) => Some(secret.into()),
            Err(error) => {
                form.client_secret.refuse(&error.to_string());
                None
            }
        },
    };
    if secret.is_none() && !public && form.client_secret.error.is_none() {
        form.client_secret
            .refuse("type the client secret that belongs to this client ID");
    }
    match client_id {
        Some(client_id) if form.client_secret.error.is_none() => Ok(NewOauthClient {
            client_id: client_id.to_string(),
            client_secret: secret,
            auth_method: auth,
            scopes: known.and_then(|known| known.scopes.clone()),
        }),
        _ => Err(Box::new(form)),
    }
}
