use axum::{
    extract::{FromRequest, FromRequestParts, Request as HttpRequest},
    response::{IntoResponse, Response},
};
use http::HeaderMap;
use latchkey_tenants::{
    ItemId, Request, RequestId, StoreError, Timestamp, Tx,
    store::{LinkScope, LinkSession, Session, Surroundings},
    values::Email,
};
use secrecy::SecretString;

use super::{fresh_path, view::dead_link};
use crate::{
    http::{Form, PageError, Query, Respond, Segment, Site, cookie},
    limits::Limited,
    platform::Platform,
    portal::CONNECTIONS,
    urls::Urls,
};

/// A browser that has a request before it which can still be opened.
pub(crate) struct Opened {
    pub by: Holder,
    /// Of the browser's session.
    pub secret: SecretString,
    /// With the items alone that this browser may see.
    pub request: Request,
}

/// By what right.
pub(crate) enum Holder {
    /// It opened a link.
    Link(LinkSession),
    /// The client who is asked is signed in.
    Member(Box<Session>),
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
        holds(&session, &request, id, site, tx.now()).then_some(Opened {
            by: Holder::Link(session),
            secret,
            request,
        })
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
        let holds = holds(&session, &request, id, site, tx.now());
        let opened = Opened {
            by: Holder::Link(session),
            secret,
            request,
        };
        holds.then_some((opened, around))
    }))
}

fn holds(
    session: &LinkSession,
    request: &Request,
    id: &RequestId,
    site: &Site,
    now: Timestamp,
) -> bool {
    request.id == *id && session.host == site.host && request.can_be_opened(now)
}

impl Opened {
    /// While its workspace is suspended a request shows one calm page and takes nothing.
    pub fn check_runs(&self) -> Result<(), PageError> {
        match self.request.suspended_at {
            Some(_) => Err(PageError::at_rest()),
            None => Ok(()),
        }
    }

    /// Whether it sees all that a link of this scope opens.
    pub fn covers(&self, scope: Option<&LinkScope>) -> bool {
        match &self.by {
            Holder::Link(session) => session.scope.is_none() || session.scope.as_ref() == scope,
            Holder::Member(_) => false,
        }
    }

    /// Names the browser's session in its flows and limits.
    pub fn session_hash(&self) -> &[u8] {
        match &self.by {
            Holder::Link(session) => &session.hash,
            Holder::Member(session) => &session.hash,
        }
    }

    /// Whose link or account it is.
    pub fn address(&self) -> &Email {
        match &self.by {
            Holder::Link(session) => match &session.scope {
                Some(scope) => &scope.email,
                None => &self.request.recipient.email,
            },
            Holder::Member(session) => &session.member.email,
        }
    }

    /// As the audit log names them.
    pub fn actor(&self) -> String {
        match &self.by {
            Holder::Link(_) => "recipient".to_owned(),
            Holder::Member(session) => session.member.actor(),
        }
    }

    /// The page on which this browser sees the item.
    pub fn page_of(&self, item: &ItemId) -> String {
        let mut items = self.request.items.iter();
        let slot = items
            .find(|one| one.id == *item)
            .and_then(|item| item.slots.first());
        match (&self.by, slot) {
            (Holder::Link(_), _) => Urls::request_path(&self.request.id),
            (Holder::Member(_), Some(slot)) => Urls::portal_workflow_path(&slot.workflow_id),
            (Holder::Member(_), None) => CONNECTIONS.to_owned(),
        }
    }

    /// Whether [`Opened::touch`] would write.
    pub fn touch_due(&self) -> bool {
        match &self.by {
            Holder::Link(session) => session.touch_due,
            Holder::Member(session) => session.touch_due,
        }
    }

    /// The session is in use.
    pub async fn touch(&self, tx: &mut Tx) -> Result<(), StoreError> {
        match &self.by {
            Holder::Link(session) => tx.link_session_touch(session).await,
            Holder::Member(session) => tx.session_touch(session).await,
        }
    }
}

/// Whether a form was sent from a page that this session was shown, and not too often.
fn check(form: &Form, platform: &Platform, opened: &Opened) -> Result<(), PageError> {
    form.check_token(&opened.secret)?;
    platform
        .limits
        .check(Limited::Act(opened.session_hash()))
        .map_err(PageError::limited)
}

/// A form about one item, from a browser that has the item's request before it: session, CSRF token, origin and limits are
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
        opened.check_runs().map_err(page)?;
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
        Some(request) => {
            let found = opened(tx, site, headers, &request).await?;
            // A forwarded link opens one of them only.
            let seen = |opened: &Opened| opened.request.items.iter().any(|one| one.id == *item);
            Ok(found.filter(seen))
        }
        None => Ok(None),
    }
}
