use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use http::{HeaderMap, StatusCode, header};
use latchkey_tenants::{
    ConnectionId, EventType, Item, ItemId, NewEvent, StoreError, Tx,
    store::{Flow, FlowTrace},
};
use latchkey_themes::{mail::AppFault, page::Reason};
use secrecy::SecretString;

use super::{
    arrival::{Arrived, arrive},
    client::{Provider, ProviderProblem, provider},
    flow_cookie::{clear_flow_cookie, has_flow_cookie},
    hop,
    start::see_other,
    unavailable::unavailable,
};
use crate::{
    failpoint,
    http::{PageError, PageResult, Query, Respond, Segment, Site},
    link::{Notice, Opened, notice_cookie, opened},
    platform::Platform,
    portal,
};

/// `GET /oauth/callback/{ctx}`: the browser is back from the provider.
///
/// The browser is known before the flow is taken, so that a stranger who saw the address cannot spend it; everything else
/// is checked before a word goes to the token endpoint.
pub(super) async fn callback(
    State(platform): State<Platform>,
    site: Site,
    Segment(ctx): Segment,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> PageResult {
    let query = Query::parse(query.as_deref().unwrap_or_default());
    let state = query
        .as_ref()
        .and_then(|query| query.get("state"))
        .map(SecretString::from);
    let (Some(query), Some(state)) = (query, state) else {
        return Ok(refused(&platform, &site));
    };
    let mut tx = platform.store.begin(&site.agency.id).await?;
    let Some(trace) = tx.flow_trace(&state).await? else {
        return Ok(refused(&platform, &site));
    };
    let back = Returned {
        ctx: &ctx,
        query: &query,
        state: &state,
    };
    if let Some(there) = &trace.hop {
        return hop::answered(&platform, &site, tx, &trace, there, &back, &headers).await;
    }
    let opened = match starter(&mut tx, &site, &headers, &trace).await? {
        Ok(opened) => opened,
        Err(reason) => {
            return refuse(&platform, &site, tx, &trace, STRANGER, reason).await;
        }
    };
    let Some(flow) = tx.flow_take(&state).await? else {
        return Ok(too_late(&opened, &trace));
    };
    failpoint::hit("callback.taking");
    let checked = match check_answer(&mut tx, &site, &back, &flow.host, &flow).await? {
        Ok(provider) => with_item(opened, provider, &flow),
        Err(reason) => Err(reason),
    };
    match checked {
        Ok(checked) => {
            tx.commit().await?;
            failpoint::hit("callback.taken");
            finish(&platform, &site, &flow, &checked, &query, &trace).await
        }
        Err(reason) => refuse(&platform, &site, tx, &trace, RECIPIENT, reason).await,
    }
}

/// Who came back, as the log names them: a browser that started nothing here, and the one that did.
pub(super) const STRANGER: &str = "unknown browser";
pub(super) const RECIPIENT: &str = "recipient";

/// What the address of a return says.
pub(super) struct Returned<'a> {
    pub ctx: &'a str,
    pub query: &'a Query,
    pub state: &'a SecretString,
}

/// HEAD of the same address: nothing is done for one who does not want the answer.
pub(super) async fn look(State(platform): State<Platform>, site: Site) -> Response {
    refused(&platform, &site)
}

/// The session that started the flow, if this is its browser. The reason of a refusal is for the agency's log only.
///
/// # Errors
/// The page of a suspended workspace: nothing is exchanged, and the flow is not spent.
pub(super) async fn starter(
    tx: &mut Tx,
    site: &Site,
    headers: &HeaderMap,
    trace: &FlowTrace,
) -> Result<Result<Opened, &'static str>, PageError> {
    if !has_flow_cookie(headers, &trace.state_hash, &trace.cookie_hash) {
        return Ok(Err("other_browser"));
    }
    let own = |opened: &Opened| opened.session_hash() == trace.session_hash;
    let by_link = opened(tx, site, headers, &trace.request_id).await?;
    let found = match by_link.filter(own) {
        Some(opened) => Some(opened),
        None => portal::holder(tx, site, headers, trace).await?.filter(own),
    };
    if let Some(opened) = &found {
        opened.check_runs()?;
    }
    Ok(found.ok_or("other_session"))
}

/// Notes the reason in the agency's log; the browser always gets the same page.
pub(super) async fn refuse(
    platform: &Platform,
    site: &Site,
    mut tx: Tx,
    trace: &FlowTrace,
    actor: &str,
    reason: &str,
) -> PageResult {
    let data =
        serde_json::json!({ "request_id": trace.request_id, "app": trace.app, "reason": reason });
    tx.record(NewEvent {
        kind: EventType::FlowFailed,
        actor,
        subject: trace.item_id.as_str(),
        data,
    })
    .await?;
    tx.commit().await?;
    Ok(refused(platform, site))
}

/// A flow whose browser, session, context and issuer are the ones it started with.
pub(super) struct Checked {
    pub opened: Opened,
    pub provider: Provider,
    pub item: Item,
}

/// Context, host and issuer of an answer, which has to come to the host `expected`.
pub(super) async fn check_answer(
    tx: &mut Tx,
    site: &Site,
    back: &Returned<'_>,
    expected: &str,
    flow: &Flow,
) -> Result<Result<Provider, &'static str>, StoreError> {
    if back.ctx != flow.ctx {
        return Ok(Err("context_mismatch"));
    }
    if site.host != expected {
        return Ok(Err("host_mismatch"));
    }
    let provider = match provider_of(tx, flow).await? {
        Ok(provider) => provider,
        Err(reason) => return Ok(Err(reason)),
    };
    Ok(check_issuer(flow, &provider, back.query).map(|()| provider))
}

/// The provider as it is now, if the flow's OAuth client still is the agency's.
pub(super) async fn provider_of(
    tx: &mut Tx,
    flow: &Flow,
) -> Result<Result<Provider, &'static str>, StoreError> {
    match provider(tx, &flow.app, &flow.host_vars).await {
        Ok(provider) if provider.client.ctx == flow.ctx => Ok(Ok(provider)),
        Err(ProviderProblem::Store(error)) => Err(error),
        _ => Ok(Err("oauth_client_changed")),
    }
}

pub(super) fn with_item(
    opened: Opened,
    provider: Provider,
    flow: &Flow,
) -> Result<Checked, &'static str> {
    let mut items = opened.request.items.iter();
    let item = items.find(|item| item.id == flow.item_id).cloned();
    let checked = item.map(|item| Checked {
        opened,
        provider,
        item,
    });
    checked.ok_or("item_gone")
}

/// RFC 9207 §2.4: a wrong issuer is refused, and so is a missing one where the provider announces it.
pub(super) fn check_issuer(
    flow: &Flow,
    provider: &Provider,
    query: &Query,
) -> Result<(), &'static str> {
    match (query.get("iss"), &flow.issuer) {
        (Some(said), Some(expected)) if said != expected => Err("issuer_mismatch"),
        (None, _) if provider.app.iss_announced => Err("issuer_missing"),
        _ => Ok(()),
    }
}

/// From here on the browser is known: whatever happens, it goes back to its page and learns what happened.
pub(super) async fn finish(
    platform: &Platform,
    site: &Site,
    flow: &Flow,
    checked: &Checked,
    query: &Query,
    trace: &FlowTrace,
) -> PageResult {
    let arrived = arrive(platform, site, flow, checked, query).await?;
    failpoint::hit("callback.answering");
    let mut response = match arrived {
        Arrived::Back(notice) => back(&checked.opened, flow, notice),
        Arrived::Unavailable { reason } => {
            let tx = platform.store.begin(&site.agency.id).await?;
            unavailable(
                platform,
                site,
                tx,
                &checked.opened,
                &checked.item,
                &reason,
                AppFault::Refused,
            )
            .await?
        }
    };
    response
        .headers_mut()
        .append(header::SET_COOKIE, clear_flow_cookie(&trace.state_hash));
    Ok(response)
}

fn back(opened: &Opened, flow: &Flow, notice: Option<Notice>) -> Response {
    let mut response = see_other(&page_of(opened, &flow.item_id, flow.connection_id.as_ref()));
    if let Some(notice) = notice {
        response
            .headers_mut()
            .append(header::SET_COOKIE, notice_cookie(notice, &flow.item_id));
    }
    response
}

/// Where a flow started.
fn page_of(opened: &Opened, item: &ItemId, renewed: Option<&ConnectionId>) -> String {
    renewed.map_or_else(|| opened.page_of(item), portal::connection_path)
}

/// A used or late flow: the browser that started it is sent back to its page.
pub(super) fn too_late(opened: &Opened, trace: &FlowTrace) -> Response {
    let mut items = opened.request.items.iter();
    let waiting = items.any(|item| item.id == trace.item_id && item.status.is_open());
    let page = page_of(opened, &trace.item_id, trace.connection_id.as_ref());
    let mut response = see_other(&page);
    let headers = response.headers_mut();
    headers.append(header::SET_COOKIE, clear_flow_cookie(&trace.state_hash));
    if waiting {
        headers.append(
            header::SET_COOKIE,
            notice_cookie(Notice::TooLate, &trace.item_id),
        );
    }
    response
}

/// One neutral page for everything that is not a finished flow of this very browser.
pub(super) fn refused(platform: &Platform, site: &Site) -> Response {
    Respond::new(platform, site).message(StatusCode::BAD_REQUEST, Reason::FlowRefused)
}
