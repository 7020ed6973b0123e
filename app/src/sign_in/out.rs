use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode, header::SET_COOKIE};
use latchkey_tenants::{ActionError, StoreError};
use latchkey_themes::{Page, page::SignedOut};

use crate::{
    http::{PageResult, Respond, Site, clear_cookie, cookie},
    person::{Enrolling, SESSION_COOKIE, SIGN_IN, SIGNED_OUT, Sent, see_other},
    platform::Platform,
};

/// `POST /sign-out`: ends this session, here and in the store.
pub(super) async fn end(State(platform): State<Platform>, form: Sent<Enrolling>) -> PageResult {
    let person = form.by.person;
    let mut tx = platform.store.begin(&person.site.agency.id).await?;
    let member = person.member();
    match tx
        .session_end(&member.id, &person.session.id, &member.actor())
        .await
    {
        Ok(()) => tx.commit().await?,
        Err(ActionError::NotFound(_)) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(forgetting(see_other(SIGNED_OUT)))
}

fn forgetting(mut response: Response) -> Response {
    response
        .headers_mut()
        .append(SET_COOKIE, clear_cookie(SESSION_COOKIE));
    response
}

/// `GET /sign-out`: says that it is done, and changes nothing.
pub(super) async fn show(State(platform): State<Platform>, site: Site) -> PageResult {
    let page = Page::SignedOut(SignedOut {
        sign_in_path: SIGN_IN.to_owned(),
        expired_at: None,
    });
    Ok(Respond::new(&platform, &site).page(StatusCode::OK, &page))
}

/// What a browser is told once whose session has ended by time. None: it had no such session.
pub(super) async fn away(
    platform: &Platform,
    site: &Site,
    headers: &HeaderMap,
) -> Result<Option<Response>, StoreError> {
    let Some(secret) = cookie(headers, SESSION_COOKIE) else {
        return Ok(None);
    };
    let mut tx = platform.store.read(&site.agency.id).await?;
    let over = tx.session_over(&secret).await?;
    drop(tx);
    Ok(over.map(|since| {
        let page = Page::SignedOut(SignedOut {
            sign_in_path: SIGN_IN.to_owned(),
            expired_at: Some(since.date_time()),
        });
        forgetting(Respond::new(platform, site).page(StatusCode::OK, &page))
    }))
}
