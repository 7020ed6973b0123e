//! The installation's account at each authority: made once by whichever edge is first, restored by all.

use super::authority::Authority;
use super::client::{AcmeHttp, RootsError};
use super::internal::InternalAuthority;
use super::issuer::{Eab, Issuer, Opens};
use super::ledger::Ledger;
use super::refusal::{Refusal, RefusalKind};
use super::rfc8555::AcmeAuthority;
use async_trait::async_trait;
use instant_acme::{Account, AccountCredentials, ExternalAccountKey, NewAccount};
use latchkey_tenants::vault::{DataKey, Place};
use latchkey_tenants::{Clock, Entropy, StoreError};
use secrecy::ExposeSecret;
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// Of one HTTP call to an authority.
const DEADLINE: Duration = Duration::from_secs(30);

/// Opens authorities with the accounts in the store.
pub struct Accounts {
    ledger: Arc<dyn Ledger>,
    edge_key: Arc<DataKey>,
    entropy: Arc<dyn Entropy>,
    http: AcmeHttp,
    internal: Option<Arc<InternalAuthority>>,
}

impl Accounts {
    /// `roots`: PEM that the authorities' own TLS certificates chain to; None: what browsers trust.
    pub fn new(
        ledger: Arc<dyn Ledger>,
        edge_key: Arc<DataKey>,
        roots: Option<&[u8]>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, RootsError> {
        Ok(Self {
            ledger,
            edge_key,
            entropy,
            http: AcmeHttp::new(roots, DEADLINE, clock)?,
            internal: None,
        })
    }

    pub fn with_internal(mut self, authority: InternalAuthority) -> Self {
        self.internal = Some(Arc::new(authority));
        self
    }

    async fn restored(&self, directory: &str) -> Result<Option<Account>, Refusal> {
        let Some(sealed) = self.ledger.account(directory).await.map_err(store_away)? else {
            return Ok(None);
        };
        let plain = self.edge_key.open(place(directory), &sealed);
        let plain = plain.map_err(|error| unusable(&error.to_string()))?;
        let credentials: AccountCredentials = serde_json::from_slice(&plain)
            .map_err(|_| unusable("the account in the store is not one"))?;
        let builder = Account::builder_with_http(Box::new(self.http.clone()));
        Ok(Some(builder.from_credentials(credentials).await?))
    }

    /// Another edge may be doing the same: the first that stores its account wins, the other one's is closed again.
    async fn made(
        &self,
        directory: &str,
        contact: Option<&str>,
        eab: Option<&Eab>,
    ) -> Result<Account, Refusal> {
        let contact = contact.map(|address| format!("mailto:{address}"));
        let contact: Vec<&str> = contact.as_deref().into_iter().collect();
        let new = NewAccount {
            contact: &contact,
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let eab =
            eab.map(|eab| ExternalAccountKey::new(eab.key_id.clone(), eab.key.expose_secret()));
        let builder = Account::builder_with_http(Box::new(self.http.clone()));
        let (account, credentials) = builder
            .create(&new, directory.to_owned(), eab.as_ref())
            .await?;
        let plain = serde_json::to_vec(&credentials).map(Zeroizing::new);
        let plain = plain.map_err(|_| unusable("the new account cannot be written down"))?;
        let sealed = self.edge_key.seal(place(directory), &plain, &*self.entropy);
        let first = self.ledger.account_put(directory, &sealed).await;
        if first.map_err(store_away)? {
            tracing::info!(
                issuer = directory,
                account = account.id(),
                "a new ACME account"
            );
            return Ok(account);
        }
        if let Err(error) = account.deactivate().await {
            tracing::warn!(%error, "an ACME account that nobody needs was left open");
        }
        let theirs = self.restored(directory).await?;
        theirs.ok_or_else(|| Refusal::away("the account was stored and is gone"))
    }
}

#[async_trait]
impl Opens for Accounts {
    async fn open(&self, issuer: &Issuer) -> Result<Arc<dyn Authority>, Refusal> {
        let (directory, contact, eab, profile) = match issuer {
            Issuer::Internal => {
                let internal = self.internal.clone();
                return internal
                    .map(|authority| authority as Arc<dyn Authority>)
                    .ok_or_else(|| unusable("the internal authority was not opened"));
            }
            Issuer::Acme {
                directory,
                contact,
                eab,
                profile,
                ..
            } => (directory, contact, eab, profile),
        };
        let account = match self.restored(directory).await? {
            Some(account) => account,
            None => match self.made(directory, contact.as_deref(), eab.as_ref()).await {
                Ok(account) => account,
                // Some authorities take the key of an external account only once: another edge may have used it.
                Err(refusal) => self.restored(directory).await?.ok_or(refusal)?,
            },
        };
        Ok(Arc::new(AcmeAuthority::new(account, profile.as_deref())))
    }
}

/// Which account the installation has at an authority, without asking the authority.
#[derive(Clone)]
pub struct AccountUrls {
    ledger: Arc<dyn Ledger>,
    edge_key: Arc<DataKey>,
}

impl AccountUrls {
    pub fn new(ledger: Arc<dyn Ledger>, edge_key: Arc<DataKey>) -> Self {
        Self { ledger, edge_key }
    }

    /// None: there is none yet, or the store cannot be asked.
    pub async fn of(&self, issuer: &Issuer) -> Option<String> {
        let directory = issuer.name();
        let sealed = self.ledger.account(directory).await.ok()??;
        let plain = self.edge_key.open(place(directory), &sealed).ok()?;
        let Named { id } = serde_json::from_slice(&plain).ok()?;
        Some(id)
    }
}

/// The part of the credentials that is no secret.
#[derive(serde::Deserialize)]
struct Named {
    id: String,
}

fn place(directory: &str) -> Place<'_> {
    Place {
        agency: "*",
        scope: "edge",
        row: directory,
        field: "acme_account",
    }
}

fn unusable(why: &str) -> Refusal {
    Refusal::new(RefusalKind::Account, why)
}

fn store_away(error: StoreError) -> Refusal {
    Refusal::away(&format!("the account cannot be read or stored: {error}"))
}
