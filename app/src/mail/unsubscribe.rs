//! The page behind List-Unsubscribe. Looking at it changes nothing, because scanners do; a POST does, with no login: the
//! token is only in the mail (RFC 8058).

use axum::{extract::State, response::Response};
use http::StatusCode;
use latchkey_tenants::{
    SuppressionScope,
    store::{Mail, MailRef},
};

use latchkey_themes::page::{Page, Unsubscribe};

use crate::{
    http::{PageError, PageResult, Respond, Segment, Site},
    platform::Platform,
};

pub(super) async fn ask(
    State(platform): State<Platform>,
    site: Site,
    Segment(token): Segment,
) -> PageResult {
    let mail = mail_of(&platform, &site, &token).await?;
    let mut tx = platform.store.read(&site.agency.id).await?;
    let scope = SuppressionScope::Reminders;
    let done = tx.suppression_of(&mail.recipient, scope).await?.is_some();
    drop(tx);
    Ok(page(&platform, &site, &mail, &token, done))
}

pub(super) async fn take(
    State(platform): State<Platform>,
    site: Site,
    Segment(token): Segment,
) -> PageResult {
    let mail = mail_of(&platform, &site, &token).await?;
    let mut tx = platform.store.begin(&site.agency.id).await?;
    tx.reminders_refuse(&mail).await?;
    tx.commit().await?;
    platform.changed(&site.agency.id);
    Ok(page(&platform, &site, &mail, &token, true))
}

/// A mail of the agency whose host was asked.
async fn mail_of(platform: &Platform, site: &Site, token: &str) -> Result<Mail, PageError> {
    let mut tx = platform.store.read_platform().await?;
    let found = tx.mail_named(MailRef::Token(token)).await?;
    drop(tx);
    let own = found.filter(|(agency, _)| *agency == site.agency.id);
    let (_, id) = own.ok_or_else(PageError::not_found)?;
    let mut tx = platform.store.read(&site.agency.id).await?;
    tx.mail(&id).await?.ok_or_else(PageError::not_found)
}

fn page(platform: &Platform, site: &Site, mail: &Mail, token: &str, done: bool) -> Response {
    let page = Page::Unsubscribe(Unsubscribe {
        email: mail.recipient.to_string(),
        path: format!("/unsubscribe/{token}"),
        // The token is the proof; mail programs post without a page before it.
        csrf: String::new(),
        done,
    });
    Respond::new(platform, site).page(StatusCode::OK, &page)
}
