use http::{HeaderMap, HeaderValue, StatusCode, header};
use latchkey_tenants::{
    ActionError, Connection, ConnectionId, ConnectionStatus, ReceiptOutcome, StoreError, Tx,
    catalogue::App,
};
use latchkey_themes::{
    Page, Words,
    page::{ConnectionPage, Receipt, Revoke, RevokedAt},
};

use super::home::row;
use crate::{
    http::{PageError, PageResult, Respond, Site, clear_cookie},
    link::{self, NOTICE_COOKIE, Notice, brought, form_targets, notice_cookie},
    oauth::disconnect,
    person::see_other,
    platform::Platform,
};

/// One connection before the person whose it is, with an account or without.
pub(super) struct Care<'a> {
    pub platform: &'a Platform,
    pub site: &'a Site,
    pub csrf: String,
    /// As the audit log names them.
    pub actor: String,
    /// Where all of theirs are; this one is below it.
    pub all: &'static str,
    /// They have an account, and so an inbox to be asked in.
    pub has_account: bool,
    pub connection: Connection,
}

impl Care<'_> {
    fn id(&self) -> &ConnectionId {
        &self.connection.id
    }

    fn path(&self) -> String {
        format!("{}/{}", self.all, self.connection.id)
    }

    fn below(&self, what: &str) -> String {
        format!("{}/{what}", self.path())
    }

    pub async fn show(&self, headers: &HeaderMap) -> PageResult {
        let mut tx = self.platform.store.read(&self.site.agency.id).await?;
        let app = tx.app(&self.connection.app).await?;
        let noted = brought(headers);
        let item = tx.item_of_connection(self.id()).await?;
        let about = noted.filter(|(_, about)| Some(about) == item.as_ref());
        let mut page = self.page(&mut tx, app.as_deref()).await?;
        let had_notice = about.is_some();
        page.notice = about.map(|(notice, _)| notice.shown(&page.row.app, Vec::new()));
        drop(tx);
        let mut respond = Respond::new(self.platform, self.site);
        let apps: Vec<&App> = app.as_deref().into_iter().collect();
        respond.providers = form_targets(&self.platform.urls, self.site, &apps);
        let mut response = respond.page(StatusCode::OK, &Page::Connection(page));
        if had_notice {
            let cookie = clear_cookie(NOTICE_COOKIE);
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Ok(response)
    }

    async fn page(&self, tx: &mut Tx, app: Option<&App>) -> Result<ConnectionPage, StoreError> {
        let one = &self.connection;
        let ended = one.status == ConnectionStatus::Revoked;
        let paused = one.paused_at.is_some();
        let refreshable = match tx.connection_with_credential(self.id()).await? {
            Some((_, Some(credential))) => credential.refresh_token.is_some(),
            _ => false,
        };
        let works = matches!(
            one.status,
            ConnectionStatus::Active | ConnectionStatus::Pending
        );
        let again = self.has_account && (!ended || tx.connection_is_needed(self.id()).await?);
        let way = |wanted: bool, what: &str| wanted.then(|| self.below(what));
        Ok(ConnectionPage {
            csrf: self.csrf.clone(),
            back_path: self.all.to_owned(),
            row: row(tx, one, self.path()).await?,
            permissions: app.map_or_else(Vec::new, |app| permissions(app, one, &self.site.locale)),
            workflows: self.workflows(tx).await?,
            connected_at: one.created_at.date_time(),
            last_used_at: one.last_used_at.map(|at| at.date_time()),
            last_used_by: one.last_used_by.clone(),
            refresh_path: way(works && !paused && refreshable, "refresh"),
            reconnect_path: way(again, "reconnect"),
            pause_path: way(!ended && !paused, "pause"),
            resume_path: way(!ended && paused, "resume"),
            revoke_path: way(!ended, "revoke"),
            notice: None,
        })
    }

    async fn workflows(&self, tx: &mut Tx) -> Result<Vec<String>, StoreError> {
        let mut names = Vec::new();
        for id in tx.workflows_of_connection(self.id()).await? {
            names.extend(tx.workflow(&id).await?.map(|found| found.name.to_string()));
        }
        Ok(names)
    }

    /// Asks once more; of a revoked one: what was done.
    pub async fn ask(&self) -> PageResult {
        let mut tx = self.platform.store.read(&self.site.agency.id).await?;
        let ended = self.connection.status == ConnectionStatus::Revoked;
        let receipt = self.connection.receipt.filter(|_| ended);
        let page = Revoke {
            csrf: self.csrf.clone(),
            path: self.below("revoke"),
            back_path: self.path(),
            row: row(&mut tx, &self.connection, self.path()).await?,
            workflows: self.workflows(&mut tx).await?,
            receipt: receipt.map(|receipt| Receipt {
                provider: match receipt.provider {
                    ReceiptOutcome::Revoked => RevokedAt::Revoked,
                    ReceiptOutcome::Unsupported => RevokedAt::Unsupported,
                    ReceiptOutcome::Failed => RevokedAt::Failed,
                },
                at: receipt.at.date_time(),
            }),
        };
        drop(tx);
        let page = Page::Revoke(page);
        Ok(Respond::new(self.platform, self.site).page(StatusCode::OK, &page))
    }

    pub async fn revoke(&self) -> PageResult {
        disconnect(self.platform, &self.site.agency.id, self.id(), &self.actor).await?;
        Ok(see_other(&self.below("revoke")))
    }

    pub async fn pause(&self) -> PageResult {
        let mut tx = self.platform.store.begin(&self.site.agency.id).await?;
        let done = tx.connection_pause(self.id(), &self.actor).await;
        self.settle(tx, done, Notice::Paused).await
    }

    pub async fn resume(&self) -> PageResult {
        let mut tx = self.platform.store.begin(&self.site.agency.id).await?;
        let done = tx.connection_resume(self.id(), &self.actor).await;
        self.settle(tx, done, Notice::Resumed).await
    }

    async fn settle(&self, tx: Tx, done: Result<(), ActionError>, notice: Notice) -> PageResult {
        match done {
            Ok(()) => {
                tx.commit().await?;
                self.platform.changed(&self.site.agency.id);
                self.back(Some(notice)).await
            }
            // It ended meanwhile: the page shows how it is.
            Err(ActionError::Conflict { .. }) => self.back(None).await,
            Err(error) => Err(error.into()),
        }
    }

    /// Back to the connection, with a sentence.
    pub async fn back(&self, notice: Option<Notice>) -> PageResult {
        let mut response = see_other(&self.path());
        if let Some(cookie) = self.noted(notice).await? {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Ok(response)
    }

    async fn noted(&self, notice: Option<Notice>) -> Result<Option<HeaderValue>, PageError> {
        let Some(notice) = notice else {
            return Ok(None);
        };
        let mut tx = self.platform.store.read(&self.site.agency.id).await?;
        let item = tx.item_of_connection(self.id()).await?;
        Ok(item.map(|item| notice_cookie(notice, &item)))
    }
}

/// In plain words what was granted; what every connection of this app needs for itself is not worth a line.
fn permissions(app: &App, connection: &Connection, locale: &str) -> Vec<Words> {
    let granted = connection.scopes_granted.iter();
    let telling = granted.filter(|scope| !app.required_scopes.contains(scope));
    let telling: Vec<String> = telling.cloned().collect();
    let shown = if telling.is_empty() {
        &connection.scopes_granted
    } else {
        &telling
    };
    link::permissions(app, shown, locale)
}
