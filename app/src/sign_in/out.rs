use axum::extract::State;
use http::{StatusCode, header::SET_COOKIE};
use latchkey_tenants::ActionError;
use latchkey_themes::{Page, page::SignedOut};

use crate::{
    http::{PageResult, Respond, Site, clear_cookie},
    person::{Enrolling, SESSION_COOKIE, SIGN_IN, Sent, see_other},
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
    let mut response = see_other("/sign-out");
    response
        .headers_mut()
        .append(SET_COOKIE, clear_cookie(SESSION_COOKIE));
    Ok(response)
}

/// `GET /sign-out`: says that it is done, and changes nothing.
pub(super) async fn show(State(platform): State<Platform>, site: Site) -> PageResult {
    let page = Page::SignedOut(SignedOut {
        sign_in_path: SIGN_IN.to_owned(),
        expired_at: None,
    });
    Ok(Respond::new(&platform, &site).page(StatusCode::OK, &page))
}
