use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use latchkey_tenants::{
    ActionError, StoreError, Tx,
    secret::{JOIN_PREFIX, parse_secret},
    store::{Invitation, SignInMethod},
    values::Name,
};
use latchkey_themes::{Page, page::Join};

use super::finish::sign_in;
use crate::{
    http::{ClientAddress, Form, PageError, PageResult, Respond, Segment, Site, Visit},
    limits::Limited,
    platform::Platform,
};

/// `GET /join/{secret}`: who invites to what. Spends nothing.
pub(super) async fn show(
    State(platform): State<Platform>,
    site: Site,
    ClientAddress(address): ClientAddress,
    Segment(secret): Segment,
    headers: HeaderMap,
) -> PageResult {
    platform
        .limits
        .check(Limited::Open(address))
        .map_err(PageError::limited)?;
    let Some(known) = parse_secret(JOIN_PREFIX, &secret) else {
        return Ok(dead(&platform, &site));
    };
    let mut tx = platform.store.read(&site.agency.id).await?;
    let Some(invitation) = tx.invitation_by_secret(&known).await? else {
        return Ok(dead(&platform, &site));
    };
    let name = invitation.name.as_ref().map(ToString::to_string);
    let path = format!("/join/{secret}");
    let shown = join_page(&mut tx, &invitation, path, name.unwrap_or_default()).await?;
    Ok(answer(&platform, &site, &headers, StatusCode::OK, shown))
}

/// `POST /join/{secret}`: makes the invited a person of the agency, signed in.
pub(super) async fn take(
    State(platform): State<Platform>,
    site: Site,
    ClientAddress(address): ClientAddress,
    Segment(secret): Segment,
    headers: HeaderMap,
    form: Form,
) -> PageResult {
    Visit::check(&headers, &form)?;
    platform
        .limits
        .check(Limited::SignIn(address))
        .map_err(PageError::limited)?;
    let Some(known) = parse_secret(JOIN_PREFIX, &secret) else {
        return Ok(dead(&platform, &site));
    };
    let typed = form.fields.get("name").unwrap_or_default();
    let mut tx = platform.store.begin(&site.agency.id).await?;
    let Ok(name) = typed.parse::<Name>() else {
        let Some(invitation) = tx.invitation_by_secret(&known).await? else {
            return Ok(dead(&platform, &site));
        };
        let path = format!("/join/{secret}");
        let mut shown = join_page(&mut tx, &invitation, path, typed.to_owned()).await?;
        shown.error = Some("name");
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(answer(&platform, &site, &headers, status, shown));
    };
    let member = match tx.invitation_accept(&known, Some(&name)).await {
        Ok(member) => member,
        Err(ActionError::Store(error)) => return Err(error.into()),
        Err(_) => return Ok(dead(&platform, &site)),
    };
    let proof = SignInMethod::Invitation.into();
    sign_in(&platform, &site, &headers, tx, &member, proof).await
}

async fn join_page(
    tx: &mut Tx,
    invitation: &Invitation,
    path: String,
    name: String,
) -> Result<Join, PageError> {
    let workspace = match &invitation.workspace_id {
        Some(id) => tx.workspace(id).await?.map(|found| found.name.to_string()),
        None => None,
    };
    Ok(Join {
        csrf: String::new(),
        path,
        email: invitation.email.to_string(),
        name,
        inviter: inviter(tx, invitation).await?,
        workspace,
        over: false,
        error: None,
        expires_at: invitation.expires_at.date_time(),
    })
}

/// The person who invited, by the name that they gave.
pub(crate) async fn inviter(
    tx: &mut Tx,
    invitation: &Invitation,
) -> Result<Option<String>, StoreError> {
    let id = invitation.invited_by.strip_prefix("member:");
    let Some(id) = id.and_then(|id| id.parse().ok()) else {
        return Ok(None);
    };
    let member = tx.member(&id).await?;
    Ok(member
        .and_then(|member| member.name)
        .map(|name| name.to_string()))
}

fn answer(
    platform: &Platform,
    site: &Site,
    headers: &HeaderMap,
    status: StatusCode,
    mut shown: Join,
) -> Response {
    let visit = Visit::of(platform, headers);
    shown.csrf = visit.csrf();
    let mut response = Respond::new(platform, site).page(status, &Page::Join(shown));
    visit.keep(&mut response);
    response
}

/// The one answer to every invitation that joins nobody.
fn dead(platform: &Platform, site: &Site) -> Response {
    let shown = Join {
        csrf: String::new(),
        path: String::new(),
        email: String::new(),
        name: String::new(),
        inviter: None,
        workspace: None,
        over: true,
        error: None,
        expires_at: platform.now().date_time(),
    };
    Respond::new(platform, site).page(StatusCode::NOT_FOUND, &Page::Join(shown))
}
