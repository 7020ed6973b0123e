use std::borrow::Cow;

use secrecy::SecretString;

use super::{
    StoreError, Tx,
    api_keys::to_json,
    conn::Row,
    data_keys::{AGENCY_SCOPE, Cell},
    statement::{args, statements},
};
use crate::{
    ActionError, EventType, NewEvent, OauthClient, OauthClientId,
    catalogue::{App, Catalogue, ClientAuth},
    values::Host,
};

statements! {
    CREATE = "insert into apps (agency_id, slug, definition, created_at) values ($1, $2, $3, $4) on conflict (agency_id, slug) do nothing";
    ONE = "select definition from apps where agency_id = $1 and slug = $2";
    LIST = "select definition from apps where agency_id = $1 order by slug";
    PUT_CLIENT = "insert into oauth_clients (id, agency_id, app, ctx, client_id, client_secret, auth_method, scopes, created_at, updated_at, redirect_host) values ($2, $1, $3, $4, $5, $6, $7, $8, $9, $9, (select primary_host from agencies where id = $1)) on conflict (agency_id, app) do update set client_id = excluded.client_id, client_secret = excluded.client_secret, auth_method = excluded.auth_method, scopes = excluded.scopes, updated_at = excluded.updated_at";
    CLIENT = "select id, app, ctx, redirect_host, client_id, client_secret, auth_method, scopes, updated_at from oauth_clients where agency_id = $1 and app = $2";
    MOVE_CLIENT = "update oauth_clients set redirect_host = $3, updated_at = $4 where agency_id = $1 and app = $2";
    CONTEXT = "select ctx from redirect_contexts where agency_id = $1 and app = $2";
    RESERVE = "insert into redirect_contexts (agency_id, app, ctx) values ($1, $2, $3) on conflict do nothing";
    CLIENTS = "select id, app, ctx, redirect_host, client_id, client_secret, auth_method, scopes, updated_at from oauth_clients where agency_id = $1 order by app";
}

/// What an agency stores of its registration at a provider.
pub struct NewOauthClient {
    pub client_id: String,
    pub client_secret: Option<SecretString>,
    pub auth_method: Option<ClientAuth>,
    pub scopes: Option<Vec<String>>,
}

/// What makes the redirect URI of an OAuth client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientContext {
    pub app: String,
    pub ctx: String,
    /// None: `{slug}.{platform host}`.
    pub redirect_host: Option<Host>,
}

impl Tx {
    /// An app of the agency's own.
    ///
    /// # Errors
    /// A conflict `slug_taken` when the catalogue or the agency has an app of this slug.
    pub async fn app_create(&mut self, app: &App, actor: &str) -> Result<(), ActionError> {
        let taken = || {
            let message = format!(
                "an app with the slug `{}` exists: choose another slug",
                app.slug
            );
            ActionError::conflict("slug_taken", message)
        };
        if Catalogue::builtin().app(&app.slug).is_some() {
            return Err(taken());
        }
        let (agency, now) = (self.agency.clone(), self.now());
        if self
            .inner
            .execute(CREATE, args![&agency, &app.slug, &to_json(app), now])
            .await?
            == 0
        {
            return Err(taken());
        }
        let data = serde_json::json!({ "name": app.name });
        self.record(NewEvent {
            kind: EventType::AppCreated,
            actor,
            subject: &app.slug,
            data,
        })
        .await?;
        Ok(())
    }

    /// The app that this agency knows by this slug: the catalogue's, else its own.
    pub async fn app(&mut self, slug: &str) -> Result<Option<Cow<'static, App>>, StoreError> {
        if let Some(app) = Catalogue::builtin().app(slug) {
            return Ok(Some(Cow::Borrowed(app)));
        }
        let agency = self.agency.clone();
        let row = self.inner.optional(ONE, args![&agency, slug]).await?;
        row.map(|row| row.json("definition").map(Cow::Owned))
            .transpose()
    }

    /// The agency's own apps, by slug.
    pub async fn own_apps(&mut self) -> Result<Vec<App>, StoreError> {
        let agency = self.agency.clone();
        self.inner
            .all(LIST, args![&agency])
            .await?
            .iter()
            .map(|row| row.json("definition"))
            .collect()
    }

    /// Stores or replaces the agency's OAuth client for an app. Its context id and its host, and so its redirect URI, stay; a
    /// new one is on the agency's primary host.
    pub async fn oauth_client_put(
        &mut self,
        app: &str,
        new: &NewOauthClient,
        actor: &str,
    ) -> Result<OauthClient, ActionError> {
        self.take_turn().await?;
        let (agency, now) = (self.agency.clone(), self.now());
        let known = self.oauth_client(app).await?;
        let (id, ctx) = match &known {
            Some(client) => (client.id.clone(), client.ctx.clone()),
            None => (self.new_id(), self.redirect_reserve(app).await?),
        };
        let secret = match &new.client_secret {
            Some(secret) => Some(self.seal(secret_cell(&id), secret).await?),
            None => None,
        };
        let scopes = new.scopes.as_ref().map(to_json);
        let auth = new.auth_method.map(|auth| to_json(&auth));
        self.inner
            .execute(
                PUT_CLIENT,
                args![
                    &agency,
                    &id,
                    app,
                    &ctx,
                    &new.client_id,
                    secret.as_deref(),
                    auth.as_deref(),
                    scopes.as_deref(),
                    now
                ],
            )
            .await?;
        let data = serde_json::json!({ "client_id": new.client_id });
        self.record(NewEvent {
            kind: EventType::OauthClientStored,
            actor,
            subject: app,
            data,
        })
        .await?;
        self.oauth_client(app)
            .await?
            .ok_or(ActionError::NotFound("OAuth client"))
    }

    pub async fn oauth_client(&mut self, app: &str) -> Result<Option<OauthClient>, StoreError> {
        let agency = self.agency.clone();
        let row = self.inner.optional(CLIENT, args![&agency, app]).await?;
        match row {
            Some(row) => Ok(Some(self.read_client(&row).await?)),
            None => Ok(None),
        }
    }

    /// The redirect URI that is registered at the provider is now on this host; None: `{slug}.{platform host}`. Whether the
    /// host may be one is the caller's to say.
    ///
    /// # Errors
    /// No such OAuth client.
    pub async fn oauth_client_move(
        &mut self,
        app: &str,
        host: Option<&Host>,
        actor: &str,
    ) -> Result<OauthClient, ActionError> {
        self.take_turn().await?;
        let missing = || ActionError::NotFound("OAuth client");
        let known = self.oauth_client(app).await?.ok_or_else(missing)?;
        if known.redirect_host.as_ref() == host {
            return Ok(known);
        }
        let (agency, now) = (self.agency.clone(), self.now());
        self.inner
            .execute(MOVE_CLIENT, args![&agency, app, host, now])
            .await?;
        let data = serde_json::json!({ "from": known.redirect_host, "to": host });
        self.record(NewEvent {
            kind: EventType::OauthClientMoved,
            actor,
            subject: app,
            data,
        })
        .await?;
        self.oauth_client(app).await?.ok_or_else(missing)
    }

    /// What makes the redirect URI for an app, with an OAuth client or before there is one. None: nobody asked for it yet.
    pub async fn redirect_context(
        &mut self,
        app: &str,
    ) -> Result<Option<ClientContext>, StoreError> {
        if let Some(client) = self.oauth_client(app).await? {
            return Ok(Some(ClientContext {
                app: client.app,
                ctx: client.ctx,
                redirect_host: client.redirect_host,
            }));
        }
        let agency = self.agency.clone();
        let Some(row) = self.inner.optional(CONTEXT, args![&agency, app]).await? else {
            return Ok(None);
        };
        Ok(Some(ClientContext {
            app: app.to_owned(),
            ctx: row.text("ctx")?,
            redirect_host: self.agency_primary_host().await?,
        }))
    }

    /// Fixes the context id that the app's OAuth client will have, so that its redirect URI can be registered first. Who asks
    /// again gets the same.
    pub async fn redirect_reserve(&mut self, app: &str) -> Result<String, StoreError> {
        let (agency, fresh) = (self.agency.clone(), self.entropy().short_token());
        self.inner
            .execute(RESERVE, args![&agency, app, &fresh])
            .await?;
        let row = self.inner.optional(CONTEXT, args![&agency, app]).await?;
        row.ok_or_else(|| StoreError::gone("redirect_contexts"))?
            .text("ctx")
    }

    /// The apps that the agency has an OAuth client for, without secrets.
    pub async fn oauth_client_contexts(&mut self) -> Result<Vec<ClientContext>, StoreError> {
        let agency = self.agency.clone();
        let rows = self.inner.all(CLIENTS, args![&agency]).await?;
        rows.iter()
            .map(|row| {
                Ok(ClientContext {
                    app: row.text("app")?,
                    ctx: row.text("ctx")?,
                    redirect_host: row.optional_parsed("redirect_host")?,
                })
            })
            .collect()
    }

    async fn read_client(&mut self, row: &Row) -> Result<OauthClient, StoreError> {
        let id: OauthClientId = row.parsed("id")?;
        let client_secret = match row.optional_bytes("client_secret")? {
            Some(sealed) => Some(self.open(secret_cell(&id), &sealed).await?),
            None => None,
        };
        Ok(OauthClient {
            app: row.text("app")?,
            ctx: row.text("ctx")?,
            redirect_host: row.optional_parsed("redirect_host")?,
            client_id: row.text("client_id")?,
            client_secret,
            auth_method: optional_json(row, "auth_method")?,
            scopes: optional_json(row, "scopes")?,
            updated_at: row.time("updated_at")?,
            id,
        })
    }
}

fn secret_cell(id: &OauthClientId) -> Cell<'_> {
    Cell {
        scope: AGENCY_SCOPE,
        row: id.as_str(),
        field: "client_secret",
    }
}

fn optional_json<T: serde::de::DeserializeOwned>(
    row: &Row,
    column: &'static str,
) -> Result<Option<T>, StoreError> {
    match row.optional_text(column)? {
        Some(_) => row.json(column).map(Some),
        None => Ok(None),
    }
}
