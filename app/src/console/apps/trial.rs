use std::collections::BTreeMap;

use axum::extract::State;
use http::StatusCode;
use url::Url;

use super::{path_of, view::AppPage};
use crate::{
    console::{Desk, Typed, not_done},
    http::{PageError, PageResult, Query, Segment},
    oauth::{ProviderProblem, RedirectUris, provider, try_client},
    person::{Manage, Sent},
    platform::Platform,
};

/// `POST /dashboard/apps/{app}/trial`: what can be checked without anybody's consent.
pub(super) async fn run(
    State(platform): State<Platform>,
    Segment(slug): Segment,
    sent: Sent<Desk<Manage>>,
) -> PageResult {
    let desk = sent.by;
    let mut tx = desk.read().await?;
    let app = tx.app(&slug).await?.ok_or_else(PageError::not_found)?;
    let mut vars = typed_vars(
        &sent.fields,
        app.host_vars.iter().map(|var| var.name.as_str()),
    );
    let values = vars
        .iter()
        .map(|(name, typed)| (name.clone(), typed.value.clone()))
        .collect();
    let found = match provider(&mut tx, &app.slug, &values).await {
        Ok(found) => found,
        Err(ProviderProblem::HostVar(error)) => {
            if let Some(typed) = vars.get_mut(&error.name) {
                typed.refuse(&error.to_string());
            }
            let page = AppPage::of(&mut tx, &app, &platform.urls).await?;
            let page = page.with_host_vars(&app, &vars);
            return Ok(page.answer(&desk, StatusCode::UNPROCESSABLE_ENTITY));
        }
        Err(ProviderProblem::Store(error)) => return Err(error.into()),
        Err(ProviderProblem::NoClient | ProviderProblem::UnknownApp) => {
            let text = "There is nothing to test yet: store the client ID and the secret first.";
            return Ok(not_done(&path_of(&app.slug), text));
        }
    };
    let agency = tx.agency_itself().await?;
    let host = found.client.redirect_host.as_ref();
    let uris = RedirectUris::of(&found.client.ctx, host, &agency, &platform.urls);
    // No transaction lives while the provider is asked.
    drop(tx);
    let next = uris.next.filter(|_| sent.fields.typed("which") == "next");
    let tried_next = next.is_some();
    let uri = Url::parse(&next.unwrap_or(uris.now)).map_err(|_| PageError::not_found())?;
    let trial = try_client(&platform, &found, &uri).await;
    let mut tx = desk.read().await?;
    let mut page = AppPage::of(&mut tx, &app, &platform.urls).await?;
    page.trial = Some(trial);
    page.tried_next = tried_next;
    Ok(page
        .with_host_vars(&app, &vars)
        .answer(&desk, StatusCode::OK))
}

fn typed_vars<'a>(fields: &Query, names: impl Iterator<Item = &'a str>) -> BTreeMap<String, Typed> {
    names
        .map(|name| (name.to_owned(), Typed::of(fields, &format!("var-{name}"))))
        .collect()
}
