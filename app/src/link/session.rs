use axum::{
    extract::{FromRequest, FromRequestParts, Request as HttpRequest},
    response::{IntoResponse, Response},
};
use http::HeaderMap;
use latchkey_tenants::{
    ItemId, Request, RequestId, StoreError, Timestamp, Tx,
    store::{LinkSession, Surroundings},
};
use secrecy::SecretString;

use super::{fresh_path, view::dead_link};
use crate::{
    http::{Form, PageError, Query, Respond, Segment, Site, cookie},
    limits::Limited,
    platform::Platform,
};

/// A browser that opened the link of a request which can still be opened.
pub(crate) struct Opened {
    pub session: LinkSession,
    pub secret: SecretString,
    pub request: Request,
}

/// One cookie for each request, so that two requests in one browser do not end each other.
pub(super) fn cookie_name(request: &RequestId) -> String {
    format!(
        "__Host-link-{}",
        request.as_str().trim_start_matches("req_")
    )
}

/// The browser's session for this request on this host. None: never opened, ended, or of another host or agency.
pub(crate) async fn opened(
    tx: &mut Tx,
    site: &Site,
    headers: &HeaderMap,
    id: &RequestId,
) -> Result<Option<Opened>, StoreError> {
    let Some(secret) = cookie(headers, &cookie_name(id)) else {
        return Ok(None);
    };
    let found = tx.link_session(&secret).await?;
    Ok(found.and_then(|(session, request)| {
        let opened = Opened {
            session,
            secret,
            request,
        };
        opened.holds(id, site, tx.now()).then_some(opened)
    }))
}

/// As [`opened`], with what the link page says besides.
pub(super) async fn opened_page(
    tx: &mut Tx,
    site: &Site,
    headers: &HeaderMap,
    id: &RequestId,
) -> Result<Option<(Opened, Surroundings)>, StoreError> {
    let Some(secret) = cookie(headers, &cookie_name(id)) else {
        return Ok(None);
    };
    let found = tx.link_page(&secret).await?;
    Ok(found.and_then(|(session, request, around)| {
        let opened = Opened {
            session,
            secret,
            request,
        };
        opened.holds(id, site, tx.now()).then_some((opened, around))
    }))
}

impl Opened {
    fn holds(&self, id: &RequestId, site: &Site, now: Timestamp) -> bool {
        let own = self.request.id == *id && self.session.host == site.host;
        own && self.request.can_be_opened(now)
    }
}

/// Whether a form was sent from a page that this session was shown, and not too often.
fn check(form: &Form, platform: &Platform, opened: &Opened) -> Result<(), PageError> {
    form.check_token(&opened.secret)?;
    platform
        .limits
        .check(Limited::Act(&opened.session.hash))
        .map_err(PageError::limited)
}

/// A form about one item, from a browser that opened the item's request: session, CSRF token, origin and limits are
/// checked. `tx` is the writing transaction in which they were.
pub(crate) struct ItemForm {
    pub site: Site,
    pub item: ItemId,
    pub opened: Opened,
    pub fields: Query,
    pub tx: Tx,
}

impl FromRequest<Platform> for ItemForm {
    /// An error's page, or the one neutral answer to every session that has ended.
    type Rejection = Response;

    async fn from_request(request: HttpRequest, platform: &Platform) -> Result<Self, Response> {
        let page = |error: PageError| error.into_response();
        let (mut parts, body) = request.into_parts();
        let site = Site::from_request_parts(&mut parts, platform)
            .await
            .map_err(page)?;
        let item = match Segment::from_request_parts(&mut parts, platform).await {
            Ok(Segment(item)) => item.parse::<ItemId>(),
            Err(never) => match never {},
        };
        let item = item.map_err(|_| page(PageError::not_found()))?;
        let headers = parts.headers.clone();
        let form = Form::from_request(HttpRequest::from_parts(parts, body), platform)
            .await
            .map_err(page)?;
        let begun = platform.store.begin(&site.agency.id).await;
        let mut tx = begun.map_err(|error| page(error.into()))?;
        let opened = opened_by_item(&mut tx, &site, &headers, &item).await;
        let Some(opened) = opened.map_err(|error| page(error.into()))? else {
            let respond = Respond::new(platform, &site);
            return Err(dead_link(&respond, &headers, &fresh_path(&item), false));
        };
        check(&form, platform, &opened).map_err(page)?;
        Ok(Self {
            site,
            item,
            opened,
            fields: form.fields,
            tx,
        })
    }
}

async fn opened_by_item(
    tx: &mut Tx,
    site: &Site,
    headers: &HeaderMap,
    item: &ItemId,
) -> Result<Option<Opened>, StoreError> {
    match tx.request_id_of_item(item).await? {
        Some(request) => opened(tx, site, headers, &request).await,
        None => Ok(None),
    }
}
