use std::borrow::Cow;

use axum::extract::State;
use http::{HeaderMap, StatusCode, header};
use latchkey_tenants::{
    Item, ItemId, Member, Request, StoreError, Tx, WorkflowId,
    catalogue::App,
    store::{Session, Surroundings},
};
use latchkey_themes::{Page, page::PortalWorkflow};
use secrecy::SecretString;

use crate::{
    http::{PageError, PageResult, Respond, Segment, Site, clear_cookie, csrf_token},
    link::{
        Cards, HostInput, NOTICE_COOKIE, Notice, Progress, brought, form_targets, live,
        missing_permissions,
    },
    person::{Client, session_of},
    platform::Platform,
    urls::Urls,
};

const CARDS: Cards = Cards {
    start: "/portal/items",
    forwards: false,
};

/// `GET /portal/connections/workflows/{workflow}`: the apps that a workflow needs of this client.
pub(super) async fn show(
    State(platform): State<Platform>,
    Segment(workflow): Segment,
    headers: HeaderMap,
    client: Client,
) -> PageResult {
    let person = client.person;
    let (id, agency) = (parse(&workflow)?, &person.site.agency.id);
    let mut tx = platform.store.read(agency).await?;
    let asked = tx.inbox_of_workflow(person.member(), &id).await?;
    let notice = brought(&headers);
    let shown = Shown {
        workflow: &id,
        asked: &asked,
        notice: notice.as_ref(),
        input: None,
    };
    let page = shown.page(&mut tx, person.member(), &person.secret).await?;
    let (page, apps) = page.ok_or_else(PageError::not_found)?;
    drop(tx);
    note_opened(&platform, &person.site, &asked).await?;
    let mut respond = Respond::new(&platform, &person.site);
    respond.providers = form_targets(&platform.urls, &person.site, &apps);
    let mut response = respond.page(StatusCode::OK, &Page::PortalWorkflow(page));
    if notice.is_some() {
        let cookie = clear_cookie(NOTICE_COOKIE);
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// `GET /portal/connections/workflows/{workflow}/events`: how far it is, now and at every change.
pub(super) async fn events(
    State(platform): State<Platform>,
    Segment(workflow): Segment,
    headers: HeaderMap,
    client: Client,
) -> PageResult {
    let (id, site) = (parse(&workflow)?, client.person.site);
    let agency = site.agency.id.clone();
    let look = {
        let platform = platform.clone();
        move || {
            let (platform, site) = (platform.clone(), site.clone());
            let (headers, id) = (headers.clone(), id.clone());
            async move { look(&platform, &site, &headers, &id).await }
        }
    };
    Ok(live(platform, &agency, "progress", look))
}

async fn look(
    platform: &Platform,
    site: &Site,
    headers: &HeaderMap,
    workflow: &WorkflowId,
) -> Result<Option<String>, StoreError> {
    let Some((session, _)) = session_of(platform, site, headers).await? else {
        return Ok(None);
    };
    let mut tx = platform.store.read(&site.agency.id).await?;
    let asked = tx.inbox_of_workflow(&session.member, workflow).await?;
    let items = in_order(&asked);
    let items = items.map(|(item, around)| (item, around.accounts.get(&item.id)));
    Ok(Progress::of(items).said())
}

/// The page of an item's workflow again, with what was typed and what is wrong with it.
pub(crate) async fn workflow_again(
    platform: &Platform,
    site: &Site,
    mut tx: Tx,
    session: &Session,
    secret: &SecretString,
    input: &HostInput,
    item: &Item,
) -> PageResult {
    let slot = item.slots.first().ok_or_else(PageError::not_found)?;
    let id = &slot.workflow_id;
    let asked = tx.inbox_of_workflow(&session.member, id).await?;
    let shown = Shown {
        workflow: id,
        asked: &asked,
        notice: None,
        input: Some(input),
    };
    let page = shown.page(&mut tx, &session.member, secret).await?;
    let (page, apps) = page.ok_or_else(PageError::not_found)?;
    let mut respond = Respond::new(platform, site);
    respond.providers = form_targets(&platform.urls, site, &apps);
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(respond.page(status, &Page::PortalWorkflow(page)))
}

fn parse(workflow: &str) -> Result<WorkflowId, PageError> {
    workflow.parse().map_err(|_| PageError::not_found())
}

/// The client has seen what was sent to them.
async fn note_opened(
    platform: &Platform,
    site: &Site,
    asked: &[(Request, Surroundings)],
) -> Result<(), StoreError> {
    let unopened = asked.iter().map(|(request, _)| request);
    let unopened: Vec<_> = unopened
        .filter(|request| request.opened_at.is_none())
        .collect();
    if unopened.is_empty() {
        return Ok(());
    }
    let mut tx = platform.store.begin(&site.agency.id).await?;
    for request in unopened {
        tx.request_opened(&request.id).await?;
    }
    tx.commit().await?;
    platform.changed(&site.agency.id);
    Ok(())
}

/// Oldest request first, as they were asked for.
fn in_order(asked: &[(Request, Surroundings)]) -> impl Iterator<Item = (&Item, &Surroundings)> {
    let asked = asked.iter().rev();
    asked.flat_map(|(request, around)| request.items.iter().map(move |item| (item, around)))
}

type Apps = Vec<Cow<'static, App>>;

struct Shown<'a> {
    workflow: &'a WorkflowId,
    asked: &'a [(Request, Surroundings)],
    notice: Option<&'a (Notice, ItemId)>,
    input: Option<&'a HostInput>,
}

impl Shown<'_> {
    /// The page and the apps that stand on it. None: nothing of this workflow was ever asked of them.
    async fn page(
        &self,
        tx: &mut Tx,
        member: &Member,
        secret: &SecretString,
    ) -> Result<Option<(PortalWorkflow, Apps)>, StoreError> {
        let found = tx.workflow(self.workflow).await?;
        let Some(workflow) = found.filter(|_| !self.asked.is_empty()) else {
            return Ok(None);
        };
        let workspace = match &member.workspace_id {
            Some(id) => tx.workspace(id).await?,
            None => None,
        };
        let (mut cards, mut apps, mut notice) = (Vec::new(), Vec::new(), None);
        for (item, around) in in_order(self.asked) {
            let app = tx.app(&item.app).await?;
            let app = app.ok_or_else(|| StoreError::gone("app"))?;
            if let Some((what, _)) = self.notice.filter(|(_, about)| *about == item.id) {
                let missing = missing_permissions(tx, item, &app).await?;
                notice = Some(what.shown(&app.name, missing));
            }
            cards.push(CARDS.card(item, &app, around, self.input));
            apps.push(app);
        }
        let mut notes = self
            .asked
            .iter()
            .filter_map(|(request, _)| request.note.as_ref());
        let path = Urls::portal_workflow_path(self.workflow);
        let page = PortalWorkflow {
            csrf: csrf_token(secret),
            events_path: format!("{path}/events"),
            workflow: workflow.name.to_string(),
            workspace: workspace.map_or_else(String::new, |found| found.name.to_string()),
            note: notes.next().map(ToString::to_string),
            cards,
            notice,
        };
        Ok(Some((page, apps)))
    }
}
