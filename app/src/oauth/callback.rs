use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use http::{HeaderMap, StatusCode, header};
use latchkey_tenants::{
    EventType, Item, NewEvent, StoreError, Tx, secret::secret_hash, store::Flow,
};
use secrecy::SecretString;

use super::{
    arrival::{Arrived, arrive},
    client::{Provider, ProviderProblem, provider},
    flow_cookie::flow_cookie_name,
    start::see_other,
    unavailable::unavailable,
};
use crate::{
    failpoint,
    http::{PageResult, Query, Respond, Site, clear_cookie, cookie},
    link::{Notice, Opened, notice_cookie, opened},
    platform::Platform,
    urls::Urls,
};

/// `GET /oauth/callback/{ctx}`: the browser is back from the provider.
///
/// The flow is taken once and everything about it is checked before a word goes to the token endpoint.
pub(super) async fn callback(
    State(platform): State<Platform>,
    site: Site,
    Path(ctx): Path<String>,
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
    let Some(flow) = tx.flow_take(&state).await? else {
        return too_late(&platform, &site, tx, &headers, &state).await;
    };
    failpoint::hit("callback.taking");
    let seen = Seen {
        site: &site,
        headers: &headers,
        ctx: &ctx,
        state: &state,
        query: &query,
    };
    match check(&mut tx, &flow, &seen).await? {
        Ok(checked) => {
            tx.commit().await?;
            failpoint::hit("callback.taken");
            finish(&platform, &site, &flow, &checked, &query, &state).await
        }
        Err(reason) => {
            let data = serde_json::json!({ "request_id": flow.request_id, "app": flow.app, "reason": reason });
            let kind = EventType::FlowFailed;
            tx.record(NewEvent {
                kind,
                actor: "unknown browser",
                subject: flow.item_id.as_str(),
                data,
            })
            .await?;
            tx.commit().await?;
            Ok(refused(&platform, &site))
        }
    }
}

/// What the browser shows.
struct Seen<'a> {
    site: &'a Site,
    headers: &'a HeaderMap,
    ctx: &'a str,
    state: &'a SecretString,
    query: &'a Query,
}

/// A flow whose browser, session, context and issuer are the ones it started with.
pub(super) struct Checked {
    pub opened: Opened,
    pub provider: Provider,
    pub item: Item,
}

/// The reason of a refusal goes to the agency's log only; the browser always gets the same page.
async fn check(
    tx: &mut Tx,
    flow: &Flow,
    seen: &Seen<'_>,
) -> Result<Result<Checked, &'static str>, StoreError> {
    if seen.ctx != flow.ctx {
        return Ok(Err("context_mismatch"));
    }
    if seen.site.host != flow.host {
        return Ok(Err("host_mismatch"));
    }
    let own = cookie(seen.headers, &flow_cookie_name(seen.state));
    if own.is_none_or(|own| secret_hash(&own) != flow.cookie_hash) {
        return Ok(Err("other_browser"));
    }
    let opened = opened(tx, seen.site, seen.headers, &flow.request_id).await?;
    let Some(opened) = opened.filter(|opened| opened.session.hash == flow.session_hash) else {
        return Ok(Err("other_session"));
    };
    let provider = match provider(tx, &flow.app, &flow.host_vars).await {
        Ok(provider) if provider.client.ctx == flow.ctx => provider,
        Err(ProviderProblem::Store(error)) => return Err(error),
        _ => return Ok(Err("oauth_client_changed")),
    };
    if let Err(reason) = check_issuer(flow, &provider, seen.query) {
        return Ok(Err(reason));
    }
    let item = opened
        .request
        .items
        .iter()
        .find(|item| item.id == flow.item_id)
        .cloned();
    Ok(item
        .map(|item| Checked {
            opened,
            provider,
            item,
        })
        .ok_or("item_gone"))
}

/// RFC 9207 §2.4: a wrong issuer is refused, and so is a missing one where the provider announces it.
fn check_issuer(flow: &Flow, provider: &Provider, query: &Query) -> Result<(), &'static str> {
    match (query.get("iss"), &flow.issuer) {
        (Some(said), Some(expected)) if said != expected => Err("issuer_mismatch"),
        (None, _) if provider.app.iss_announced => Err("issuer_missing"),
        _ => Ok(()),
    }
}

/// From here on the browser is known: whatever happens, it goes back to its page and learns what happened.
async fn finish(
    platform: &Platform,
    site: &Site,
    flow: &Flow,
    checked: &Checked,
    query: &Query,
    state: &SecretString,
) -> PageResult {
    let arrived = arrive(platform, site, flow, checked, query).await?;
    failpoint::hit("callback.answering");
    let mut response = match arrived {
        Arrived::Back(notice) => back(flow, notice),
        Arrived::Unavailable { reason, fix } => {
            let tx = platform.store.begin(&site.agency.id).await?;
            unavailable(
                platform,
                site,
                tx,
                &checked.opened.request,
                &checked.item,
                &reason,
                fix,
            )
            .await?
        }
    };
    response
        .headers_mut()
        .append(header::SET_COOKIE, clear_cookie(&flow_cookie_name(state)));
    Ok(response)
}

fn back(flow: &Flow, notice: Option<Notice>) -> Response {
    let mut response = see_other(&Urls::request_path(&flow.request_id));
    if let Some(notice) = notice {
        response
            .headers_mut()
            .append(header::SET_COOKIE, notice_cookie(notice, &flow.item_id));
    }
    response
}

/// A used, late or unknown flow. The browser that started it is sent back to its page; any other learns nothing.
async fn too_late(
    platform: &Platform,
    site: &Site,
    mut tx: Tx,
    headers: &HeaderMap,
    state: &SecretString,
) -> PageResult {
    let Some(trace) = tx.flow_trace(state).await? else {
        return Ok(refused(platform, site));
    };
    let own = cookie(headers, &flow_cookie_name(state));
    let opened = opened(&mut tx, site, headers, &trace.request_id).await?;
    let Some(opened) = opened.filter(|opened| {
        opened.session.hash == trace.session_hash
            && own.is_some_and(|own| secret_hash(&own) == trace.cookie_hash)
    }) else {
        return Ok(refused(platform, site));
    };
    let waiting = opened
        .request
        .items
        .iter()
        .any(|item| item.id == trace.item_id && item.status.is_open());
    let mut response = see_other(&Urls::request_path(&trace.request_id));
    let headers = response.headers_mut();
    headers.append(header::SET_COOKIE, clear_cookie(&flow_cookie_name(state)));
    if waiting {
        headers.append(
            header::SET_COOKIE,
            notice_cookie(Notice::TooLate, &trace.item_id),
        );
    }
    Ok(response)
}

/// One neutral page for everything that is not a finished flow of this very browser.
fn refused(platform: &Platform, site: &Site) -> Response {
    Respond::new(platform, site).message(
        StatusCode::BAD_REQUEST,
        "This sign-in could not be finished",
        "Nothing was connected. Go back to the page where you started, or open the link from your e-mail again, and connect once more.",
    )
}
