//! A flow whose page and whose redirect URI are on two hosts of the agency (product: an app's redirect URI changes only when
//! the agency says so). The page's host sends the browser to the other host with a ticket; that host sets a cookie of its own,
//! leads to the provider, takes the answer and exchanges nothing; a second ticket brings the browser home.
//!
//! A ticket is no proof of who holds it. The first one makes its holder the browser that the provider's answer is taken from;
//! the second one is worth nothing to a browser that did not start the flow.

use axum::{extract::State, response::Response};
use http::{HeaderMap, header};
use latchkey_tenants::{
    DomainState, StoreError, Tx,
    store::{Flow, FlowTrace, HopTrace},
};
use secrecy::{ExposeSecret, SecretString};

use super::{
    callback::{
        RECIPIENT, Returned, STRANGER, check_answer, check_issuer, finish, provider_of, refuse,
        refused, starter, too_late, with_item,
    },
    flow_cookie::{clear_flow_cookie, has_flow_cookie, set_flow_cookie},
    start::see_other,
};
use crate::{
    failpoint,
    http::{PageResult, Query, Segment, Site},
    platform::Platform,
    urls::Urls,
};

/// Whether a flow may be led over this host of the agency: it is still the agency's, and its DNS does not point elsewhere,
/// where somebody else would get the ticket and the provider's answer.
pub(super) async fn may_pass(
    tx: &mut Tx,
    urls: &Urls,
    site: &Site,
    host: &str,
) -> Result<bool, StoreError> {
    if host == urls.first_host(&site.agency) {
        return Ok(true);
    }
    let Ok(host) = host.parse() else {
        return Ok(false);
    };
    let state = tx.host_state(&host).await?;
    Ok(state.is_some_and(|state| {
        !matches!(
            state,
            DomainState::PendingDns | DomainState::Drifted | DomainState::Released
        )
    }))
}

/// `GET /oauth/hop/{ticket}` on the host of the redirect URI: from the page's host to the provider.
pub(super) async fn hop(
    State(platform): State<Platform>,
    site: Site,
    Segment(ticket): Segment,
) -> PageResult {
    let ticket = SecretString::from(ticket);
    let mut tx = platform.store.read(&site.agency.id).await?;
    let Some(trace) = tx.flow_hop_trace(&ticket).await? else {
        return Ok(refused(&platform, &site));
    };
    drop(tx);
    let mut tx = platform.store.begin(&site.agency.id).await?;
    if let Err(reason) = check_hosts(&mut tx, &platform.urls, &site, &trace, Here::Redirect).await?
    {
        return refuse(&platform, &site, tx, &trace, STRANGER, reason).await;
    }
    let cookie = SecretString::from(platform.entropy.token());
    let Some(url) = tx.flow_hop_take(&ticket, &cookie).await? else {
        return refuse(
            &platform,
            &site,
            tx,
            &trace,
            STRANGER,
            "ticket_used_or_late",
        )
        .await;
    };
    tx.commit().await?;
    let mut response = see_other(url.expose_secret());
    let cookie = set_flow_cookie(&trace.state_hash, &cookie);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

/// The provider's answer on the host of the redirect URI: checked, kept sealed, and fetched by the page's host.
pub(super) async fn answered(
    platform: &Platform,
    site: &Site,
    mut tx: Tx,
    trace: &FlowTrace,
    there: &HopTrace,
    back: &Returned<'_>,
    headers: &HeaderMap,
) -> PageResult {
    let own = there.cookie_hash.as_ref();
    if !own.is_some_and(|hash| has_flow_cookie(headers, &trace.state_hash, hash)) {
        return refuse(platform, site, tx, trace, STRANGER, "other_browser").await;
    }
    let Some(flow) = tx.flow_take(back.state).await? else {
        return refuse(platform, site, tx, trace, RECIPIENT, "flow_used_or_late").await;
    };
    let hosts = check_hosts(&mut tx, &platform.urls, site, trace, Here::Redirect).await?;
    let checked = match hosts {
        Ok(()) => check_answer(&mut tx, site, back, &there.host, &flow)
            .await?
            .map(|_| ()),
        Err(reason) => Err(reason),
    };
    if let Err(reason) = checked {
        return refuse(platform, site, tx, trace, RECIPIENT, reason).await;
    }
    let ticket = SecretString::from(platform.entropy.token());
    let answer = SecretString::from(back.query.only(&ANSWER));
    if !tx.flow_answer_keep(&flow.id, &answer, &ticket).await? {
        return refuse(platform, site, tx, trace, RECIPIENT, "flow_used_or_late").await;
    }
    tx.commit().await?;
    failpoint::hit("hop.answered");
    let mut response = see_other(&platform.urls.hop_home(&trace.host, &ticket));
    response
        .headers_mut()
        .append(header::SET_COOKIE, clear_flow_cookie(&trace.state_hash));
    Ok(response)
}

/// What is read of an answer, here or there.
const ANSWER: [&str; 3] = ["code", "error", "iss"];

/// `GET /oauth/return/{ticket}` on the page's host: the only place where the code of such a flow is exchanged, and only for the
/// browser that started it here.
pub(super) async fn home(
    State(platform): State<Platform>,
    site: Site,
    Segment(ticket): Segment,
    headers: HeaderMap,
) -> PageResult {
    let ticket = SecretString::from(ticket);
    let mut tx = platform.store.read(&site.agency.id).await?;
    let Some(trace) = tx.flow_return_trace(&ticket).await? else {
        return Ok(refused(&platform, &site));
    };
    drop(tx);
    let mut tx = platform.store.begin(&site.agency.id).await?;
    let opened = match starter(&mut tx, &site, &headers, &trace).await? {
        Ok(opened) => opened,
        Err(reason) => return refuse(&platform, &site, tx, &trace, STRANGER, reason).await,
    };
    let Some((flow, answer)) = tx.flow_return_take(&ticket).await? else {
        return Ok(too_late(&opened, &trace));
    };
    let query = Query::parse(answer.expose_secret()).unwrap_or_default();
    let checked = match check_home(&mut tx, &platform.urls, &site, &trace, &flow, &query).await? {
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

/// HEAD of either ticket: nothing is done for one who does not want the answer.
pub(super) async fn look(State(platform): State<Platform>, site: Site) -> Response {
    refused(&platform, &site)
}

async fn check_home(
    tx: &mut Tx,
    urls: &Urls,
    site: &Site,
    trace: &FlowTrace,
    flow: &Flow,
    query: &Query,
) -> Result<Result<super::client::Provider, &'static str>, StoreError> {
    if let Err(reason) = check_hosts(tx, urls, site, trace, Here::Page).await? {
        return Ok(Err(reason));
    }
    let provider = match provider_of(tx, flow).await? {
        Ok(provider) => provider,
        Err(reason) => return Ok(Err(reason)),
    };
    Ok(check_issuer(flow, &provider, query).map(|()| provider))
}

/// On which of its two hosts a flow is.
#[derive(Clone, Copy)]
enum Here {
    Page,
    Redirect,
}

/// Whether this is the host that it should be, and both are the agency's at this moment.
async fn check_hosts(
    tx: &mut Tx,
    urls: &Urls,
    site: &Site,
    trace: &FlowTrace,
    here: Here,
) -> Result<Result<(), &'static str>, StoreError> {
    let Some(hop) = &trace.hop else {
        return Ok(Err("no_hop"));
    };
    let expected = match here {
        Here::Page => &trace.host,
        Here::Redirect => &hop.host,
    };
    if site.host != *expected {
        return Ok(Err("host_mismatch"));
    }
    if !may_pass(tx, urls, site, &hop.host).await? {
        return Ok(Err("redirect_host_gone"));
    }
    if !may_pass(tx, urls, site, &trace.host).await? {
        return Ok(Err("page_host_gone"));
    }
    Ok(Ok(()))
}
