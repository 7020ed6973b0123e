use std::borrow::Cow;

use axum::extract::State;
use http::{HeaderMap, StatusCode, header};
use latchkey_tenants::{
    Item, Member, Request, StoreError, Tx, WorkflowId,
    catalogue::App,
    store::{Session, Surroundings},
};
use latchkey_themes::{Page, page::PortalWorkflow};
use secrecy::SecretString;

use crate::{
    http::{PageError, PageResult, Respond, Segment, Site, clear_cookie, csrf_token},
    link::{Cards, HostInput, NOTICE_COOKIE, Progress, Said, Watcher, brought, form_targets, live},
    person::Client,
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
    workflow: Segment,
    headers: HeaderMap,
    client: Client,
) -> PageResult {
    let person = client.person;
    let (id, agency) = (workflow.id()?, &person.site.agency.id);
    let mut tx = platform.store.read(agency).await?;
    let asked = tx.inbox_of_workflow(person.member(), &id).await?;
    let notice = brought(&headers);
    let shown = Shown {
        workflow: &id,
        asked: &asked,
        said: Said {
            notice: notice.as_ref(),
            ..Said::plain(&person.site.locale)
        },
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
    workflow: Segment,
    headers: HeaderMap,
    client: Client,
) -> PageResult {
    let id: WorkflowId = workflow.id()?;
    let watcher = Watcher::new(platform, client.person.site, headers);
    Ok(live(watcher, "progress", move |watcher| {
        let id = id.clone();
        async move { look(&watcher, &id).await }
    }))
}

async fn look(watcher: &Watcher, workflow: &WorkflowId) -> Result<Option<String>, StoreError> {
    let Some((session, _)) = watcher.session().await? else {
        return Ok(None);
    };
    let mut tx = watcher.read().await?;
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
        said: Said {
            input: Some(input),
            ..Said::plain(&site.locale)
        },
    };
    let page = shown.page(&mut tx, &session.member, secret).await?;
    let (page, apps) = page.ok_or_else(PageError::not_found)?;
    let mut respond = Respond::new(platform, site);
    respond.providers = form_targets(&platform.urls, site, &apps);
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(respond.page(status, &Page::PortalWorkflow(page)))
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
    said: Said<'a>,
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
        let items = in_order(self.asked);
        let laid = CARDS.lay(tx, items, &self.said).await?;
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
            cards: laid.cards,
            notice: laid.notice,
        };
        Ok(Some((page, laid.apps)))
    }
}
