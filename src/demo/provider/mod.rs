//! A sample OAuth 2.0 authorization server (RFC 6749, 7009, 7636, 8414, 9207), so that the demo has someone to ask.
//! Two apps live on it; every agency that wants to reach one has its own [`Client`].

mod apps;
mod authorize;
mod connected;
mod ledger;
mod metadata;
mod pages;
mod params;
#[cfg(test)]
mod tests;
mod token;

use std::{
    collections::BTreeMap,
    fmt, fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};
use latchkey_tenants::{Clock, Entropy, Timestamp};
use url::Url;

pub use apps::SampleApp;
use apps::{Account, Scope};
use ledger::{Digest, Ledger};

/// A request to the provider is a handful of short parameters.
const BODY_LIMIT: usize = 16 * 1024;

/// One agency's registration for one app.
#[derive(Clone)]
pub struct Client {
    id: String,
    secret: Digest,
    name: String,
    app: &'static SampleApp,
}

/// The provider and all it remembers; a clone is the same provider.
#[derive(Clone)]
pub struct ProviderState(Arc<Inner>);

struct Inner {
    origin: String,
    clients: BTreeMap<String, Client>,
    ledger: Mutex<Ledger>,
    file: PathBuf,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    #[error("there is no client {0}")]
    UnknownClient(String),
    #[error(
        "{0} cannot be a redirect URI: it must be an absolute http or https address without a fragment"
    )]
    RedirectUri(String),
    #[error("the registration could not be written")]
    Write(#[from] io::Error),
}

/// Everything the provider answers, for its own host.
pub fn router(state: ProviderState) -> Router {
    Router::new()
        .route("/", get(connected::list))
        .route("/grants/{id}/remove", post(connected::remove))
        .route("/authorize", get(authorize::show).post(authorize::decide))
        .route("/token", post(token::exchange))
        .route("/revoke", post(token::revoke))
        .route("/userinfo", get(token::userinfo))
        .route(
            "/.well-known/oauth-authorization-server",
            get(metadata::show),
        )
        .route("/.well-known/openid-configuration", get(metadata::show))
        .fallback(pages::not_found)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(state)
}

impl Client {
    /// `name` is who asks on the consent screen: the agency. Of the secret only a digest is kept.
    pub fn new(
        id: impl Into<String>,
        secret: &str,
        name: impl Into<String>,
        app: &'static SampleApp,
    ) -> Self {
        Self {
            id: id.into(),
            secret: Digest::of(secret),
            name: name.into(),
            app,
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("id", &self.id)
            .field("app", &self.app.slug)
            .finish_non_exhaustive()
    }
}

impl ProviderState {
    /// Reads what an earlier run left in `dir` and makes the directory when it is missing. `origin` is the issuer:
    /// scheme, host and port, no slash at the end.
    pub fn load(
        dir: &Path,
        origin: String,
        clients: Vec<Client>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        let file = dir.join("provider.json");
        let ledger = match fs::read(&file) {
            Ok(json) => serde_json::from_slice(&json).map_err(|error| {
                let told = format!("{} is damaged: {error}", file.display());
                io::Error::new(ErrorKind::InvalidData, told)
            })?,
            Err(error) if error.kind() == ErrorKind::NotFound => Ledger::default(),
            Err(error) => return Err(error),
        };
        let clients = clients
            .into_iter()
            .map(|client| (client.id.clone(), client))
            .collect();
        Ok(Self(Arc::new(Inner {
            origin,
            clients,
            ledger: Mutex::new(ledger),
            file,
            clock,
            entropy,
        })))
    }

    pub fn router(&self) -> Router {
        router(self.clone())
    }

    /// From now on `redirect_uri`, compared byte for byte, is one of the client's. Twice is once; kept over restarts.
    pub fn register_redirect_uri(
        &self,
        client_id: &str,
        redirect_uri: &str,
    ) -> Result<(), RegisterError> {
        let client = self
            .client(client_id)
            .ok_or_else(|| RegisterError::UnknownClient(client_id.to_owned()))?;
        Url::parse(redirect_uri)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.fragment().is_none())
            .ok_or_else(|| RegisterError::RedirectUri(redirect_uri.to_owned()))?;
        Ok(self.change(|ledger| ledger.register(&client.id, redirect_uri))?)
    }

    fn client(&self, id: &str) -> Option<&Client> {
        self.0.clients.get(id)
    }

    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    fn entropy(&self) -> &dyn Entropy {
        &*self.0.entropy
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        // A change works on a copy, so a panic cannot have left half of one behind.
        self.0.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the ledger on disk and then in memory, or neither. It writes a few kilobytes for one visitor, which
    /// does not earn a thread of its own.
    fn change<T>(&self, change: impl FnOnce(&mut Ledger) -> T) -> io::Result<T> {
        let mut current = self.ledger();
        let mut next = current.clone();
        next.forget_expired(self.now());
        let result = change(&mut next);
        super::disk::write(&self.0.file, &serde_json::to_vec_pretty(&next)?)?;
        *current = next;
        Ok(result)
    }
}
