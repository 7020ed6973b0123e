use std::{
    borrow::{Borrow, Cow},
    collections::BTreeMap,
};

use axum::response::Response;
use http::{HeaderMap, StatusCode};
use latchkey_tenants::{
    Item, ItemId, ItemStatus, Request, StoreError, Tx,
    catalogue::{self, App, HostVarError},
    store::Surroundings,
};
use latchkey_themes::{
    Page, Words, initial,
    page::{
        AppCard, CardState, ConnectPage, DeadLink, FieldError, HostField, Notice as Shown,
        WrongColleague,
    },
};

use super::{Notice, session::Opened};
use crate::{
    http::{Respond, Site, Visit, csrf_token},
    urls::Urls,
};

/// What the client typed for an app whose address depends on it, and what is wrong with it.
pub(crate) struct HostInput {
    pub item: ItemId,
    pub values: BTreeMap<String, String>,
    pub error: HostVarError,
}

/// A colleague's address as it was typed, and the text under `slot.error` that says what is wrong with it.
pub(crate) struct ColleagueInput {
    pub item: ItemId,
    pub email: String,
    pub error: &'static str,
}

/// The link page and the apps that stand on it.
pub(super) async fn connect_page(
    tx: &mut Tx,
    opened: &Opened,
    around: &Surroundings,
    said: &Said<'_>,
) -> Result<(ConnectPage, Vec<Cow<'static, App>>), StoreError> {
    let request = &opened.request;
    let items = request.items.iter().map(|item| (item, around));
    let laid = OF_LINK.lay(tx, items, said).await?;
    let page = ConnectPage {
        csrf: csrf_token(&opened.secret),
        notice: laid.notice,
        ..bare_page(request, around, laid.cards)
    };
    Ok((page, laid.apps))
}

/// The link page as a request would have it that nobody has sent: its forms lead nowhere.
pub(crate) async fn draft_page(
    tx: &mut Tx,
    draft: &Request,
    around: &Surroundings,
    locale: &str,
) -> Result<ConnectPage, StoreError> {
    let items = draft.items.iter().map(|item| (item, around));
    let laid = OF_LINK.lay(tx, items, &Said::plain(locale)).await?;
    Ok(bare_page(draft, around, laid.cards))
}

/// Without a token for its forms.
fn bare_page(request: &Request, around: &Surroundings, cards: Vec<AppCard>) -> ConnectPage {
    ConnectPage {
        csrf: String::new(),
        request_path: Urls::request_path(&request.id),
        requester: None,
        workspace: around.workspace.to_string(),
        workflows: around.workflows.iter().map(ToString::to_string).collect(),
        note: request.note.as_ref().map(ToString::to_string),
        cards,
        notice: None,
        expires_at: request.expires_at.unwrap_or(request.created_at).date_time(),
    }
}

/// In plain words what was asked for and not granted (O16).
async fn missing_permissions(
    tx: &mut Tx,
    item: &Item,
    app: &App,
    locale: &str,
) -> Result<Vec<String>, StoreError> {
    let Some(id) = &item.connection_id else {
        return Ok(Vec::new());
    };
    let connection = tx.connection(id).await?;
    let mut missing = connection.map_or_else(Vec::new, |connection| connection.missing_scopes());
    // Those are for our own use, and often granted without a word.
    missing.retain(|scope| !app.required_scopes.contains(scope));
    if missing.is_empty() {
        return Ok(missing);
    }
    let missing = app.permissions(&missing, locale).into_iter();
    Ok(missing.map(|words| words.text).collect())
}

/// On the link page.
const OF_LINK: Cards = Cards {
    start: "/connect/items",
    forwards: true,
};

/// Where the forms of cards lead.
pub(crate) struct Cards {
    pub start: &'static str,
    /// An app can be handed on to a colleague.
    pub forwards: bool,
}

/// What a page says besides how its items are.
#[derive(Clone, Copy)]
pub(crate) struct Said<'a> {
    /// The page's language.
    pub locale: &'a str,
    pub notice: Option<&'a (Notice, ItemId)>,
    pub input: Option<&'a HostInput>,
    pub colleague: Option<&'a ColleagueInput>,
}

impl<'a> Said<'a> {
    pub fn plain(locale: &'a str) -> Self {
        Self {
            locale,
            notice: None,
            input: None,
            colleague: None,
        }
    }
}

/// The cards of a page, the apps on them, and what just happened to one of them.
#[derive(Default)]
pub(crate) struct Laid {
    pub cards: Vec<AppCard>,
    pub apps: Vec<Cow<'static, App>>,
    pub notice: Option<Shown>,
}

impl Cards {
    pub async fn lay<'a>(
        &self,
        tx: &mut Tx,
        items: impl Iterator<Item = (&'a Item, &'a Surroundings)>,
        said: &Said<'_>,
    ) -> Result<Laid, StoreError> {
        let mut laid = Laid::default();
        for (item, around) in items {
            let app = tx.app(&item.app).await?;
            let app = app.ok_or_else(|| StoreError::gone("app"))?;
            if let Some((what, _)) = said.notice.filter(|(_, about)| *about == item.id) {
                let missing = missing_permissions(tx, item, &app, said.locale).await?;
                laid.notice = Some(what.shown(&app.name, missing));
            }
            laid.cards.push(self.card(item, &app, around, said));
            laid.apps.push(app);
        }
        Ok(laid)
    }

    fn card(&self, item: &Item, app: &App, around: &Surroundings, said: &Said<'_>) -> AppCard {
        let scopes = app.scopes_for(&item.scopes);
        let path = |what: &str| format!("{}/{}/{what}", self.start, item.id);
        AppCard {
            item_id: item.id.to_string(),
            name: app.name.clone(),
            initial: initial(&app.name),
            provider_name: provider_name(app),
            permissions: permissions(app, &scopes, said.locale),
            state: card_state(item.status),
            account: around
                .accounts
                .get(&item.id)
                .map(|account| account.shown().to_owned()),
            start_path: path("start"),
            decline_path: path("decline"),
            forward_path: self.forwards.then(|| path("forward")),
            wrong_colleague: wrong_colleague(&item.id, said),
            fields: host_fields(app, &item.id, said),
        }
    }
}

/// What pages and mails say that these scopes allow.
pub(crate) fn permissions(app: &App, scopes: &[String], locale: &str) -> Vec<Words> {
    let permissions = app.permissions(scopes, locale).into_iter();
    permissions.map(words).collect()
}

fn words(words: catalogue::Words) -> Words {
    let catalogue::Words { text, lang } = words;
    Words { text, lang }
}

const fn card_state(status: ItemStatus) -> CardState {
    match status {
        ItemStatus::Pending => CardState::Awaiting,
        ItemStatus::Fulfilled => CardState::Connected,
        ItemStatus::Held => CardState::Held,
        ItemStatus::Declined => CardState::Declined,
        ItemStatus::Expired | ItemStatus::Cancelled | ItemStatus::Revoked => {
            CardState::NoLongerNeeded
        }
    }
}

fn wrong_colleague(item: &ItemId, said: &Said<'_>) -> Option<WrongColleague> {
    let input = said.colleague.filter(|input| input.item == *item)?;
    Some(WrongColleague {
        email: input.email.clone(),
        error: input.error,
    })
}

fn host_fields(app: &App, item: &ItemId, said: &Said<'_>) -> Vec<HostField> {
    let input = said.input.filter(|input| input.item == *item);
    let fields = app.host_vars.iter().map(|var| HostField {
        name: var.name.clone(),
        label: words(app.question(var, said.locale)),
        placeholder: var.example.clone(),
        // The server also takes a pasted address, which the pattern would refuse.
        pattern: String::new(),
        value: input
            .and_then(|input| input.values.get(&var.name))
            .cloned()
            .unwrap_or_default(),
        error: input
            .filter(|input| input.error.name == var.name)
            .map(|input| FieldError {
                missing: input.values.get(&var.name).is_none_or(String::is_empty),
                example: input.error.example.clone(),
            }),
    });
    fields.collect()
}

/// Where the client signs in, as a person would say it: the host of the consent screen.
fn provider_name(app: &App) -> String {
    authorize_host(app).map_or_else(
        || app.name.clone(),
        |host| host.trim_start_matches("www.").to_owned(),
    )
}

/// The host of the authorize URL; a placeholder shows as what the client is asked for.
fn authorize_host(app: &App) -> Option<&str> {
    let rest = app.authorize.url.split_once("://")?.1;
    let host = rest.split(['/', '?', ':']).next()?;
    (!host.contains('{')).then_some(host)
}

/// What `form-action` lists: every origin that a start form of this page may pass. Chromium holds each redirect of the answer
/// against it.
pub(crate) fn form_targets<A: Borrow<App>>(urls: &Urls, site: &Site, apps: &[A]) -> Vec<String> {
    let slugs = apps.iter().map(|app| app.borrow().slug.as_str());
    let mut targets = site.hop_origins(slugs, urls);
    targets.append(&mut provider_origins(apps));
    targets
}

/// Every origin of a consent screen, once.
fn provider_origins<A: Borrow<App>>(apps: &[A]) -> Vec<String> {
    let apps = apps.iter().map(Borrow::borrow);
    let mut origins: Vec<String> = apps.flat_map(App::consent_origins).collect();
    origins.sort();
    origins.dedup();
    origins
}

/// The one answer to every link that cannot be opened.
pub(crate) fn dead_link(
    respond: &Respond<'_>,
    headers: &HeaderMap,
    fresh_path: &str,
    sent: bool,
) -> Response {
    let visit = Visit::of(respond.platform, headers);
    let page = Page::DeadLink(DeadLink {
        fresh_path: fresh_path.to_owned(),
        csrf: Some(visit.csrf()),
        sent,
    });
    let status = if sent {
        StatusCode::OK
    } else {
        StatusCode::NOT_FOUND
    };
    let mut response = respond.page(status, &page);
    visit.keep(&mut response);
    response
}

#[cfg(test)]
mod tests {
    use latchkey_tenants::catalogue::Catalogue;

    use super::*;

    #[test]
    fn o10_form_action_names_the_providers_of_this_page() {
        let apps: Vec<App> = ["slack", "gmail", "google-drive"]
            .map(|slug| Catalogue::builtin().app(slug).unwrap().clone())
            .into();
        let origins = provider_origins(&apps);
        assert_eq!(
            origins,
            ["https://accounts.google.com", "https://slack.com"]
        );
    }
}
