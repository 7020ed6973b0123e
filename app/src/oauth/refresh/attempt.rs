use std::time::Duration;

use latchkey_tenants::{
    ActionError, AgencyId, Connection, ConnectionId, ConnectionStatus, EventType, NewEvent,
    StoreError, Timestamp,
    catalogue::RefreshStyle,
    store::{Credential, REFRESH_LEASE, Tokens},
};
use tokio::time::{Instant, sleep};

use super::{Need, Outcome, PAUSE};
use crate::{
    egress, failpoint,
    oauth::{
        access::{Access, AccessError},
        client::{Provider, ProviderProblem, provider},
        protocol::{TokenError, TokenErrorKind, TokenSet, refresh},
    },
    platform::Platform,
};

/// How long to wait for another process that holds the lease, and how often to look.
const WAIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(100);
/// Before a dead grant is asked for once more: at least this, at most twice this.
const JITTER: Duration = Duration::from_millis(150);
/// How often new tokens are offered to a store that fails.
const STORE_TRIES: u32 = 4;
/// A renewed token of a grant whose tokens end lives so long when neither the answer nor the catalogue says.
const UNNAMED_LIFE: Duration = Duration::from_hours(1);

// Two calls and what is around them fit into the lease, so that its holder is never overtaken while it asks.
const _: () = assert!(
    REFRESH_LEASE.as_secs() > 2 * egress::DEADLINE.as_secs() + WAIT.as_secs(),
    "a lease must outlast the calls made under it"
);

/// Renews the grant whose token ends at `due`, unless another has by then.
///
/// The lease notes the intent before the provider is asked (R2). When this process dies between the answer and the
/// store, the lease runs out and the next refresher finds the intent: it asks once with the old refresh token. A
/// provider that forbids a second use then refuses, and the connection says honestly that it must be connected again.
pub(super) async fn renew(
    platform: &Platform,
    agency: &AgencyId,
    id: &ConnectionId,
    due: Option<Timestamp>,
    need: Need,
) -> Outcome {
    let patience = Instant::now() + WAIT;
    loop {
        let (connection, credential) = read(platform, agency, id).await?;
        let now = platform.now();
        let current = access(&connection, &credential);
        let well = need == Need::Due && current.is_fresh(now);
        if well || (current.expires_at != due && current.is_valid(now)) {
            return Ok(current);
        }
        if !credential.is_leased(now)
            && let Some(lease) = Lease::take(platform, agency, connection, credential).await?
            && let Some(access) = lease.renew().await?
        {
            return Ok(access);
        }
        if Instant::now() >= patience {
            return Err(AccessError::Busy { retry_after: PAUSE });
        }
        sleep(POLL).await;
    }
}

async fn read(
    platform: &Platform,
    agency: &AgencyId,
    id: &ConnectionId,
) -> Result<(Connection, Credential), AccessError> {
    let mut tx = platform.store.read(agency).await?;
    let found = tx.connection_with_credential(id).await?;
    let (connection, credential) = found.ok_or(AccessError::NotFound)?;
    match (connection.status, credential) {
        (ConnectionStatus::Pending | ConnectionStatus::Active, Some(credential)) => {
            Ok((connection, credential))
        }
        _ => Err(AccessError::ReconnectRequired),
    }
}

fn access(connection: &Connection, credential: &Credential) -> Access {
    Access {
        access_token: credential.access_token.clone(),
        token_type: credential.token_type.clone(),
        expires_at: credential.expires_at,
        scopes: connection.scopes_granted.clone(),
    }
}

/// The right to renew one grant, and what it takes. A method that answers none has found that the right is gone: look
/// again at what is stored.
struct Lease<'a> {
    platform: &'a Platform,
    agency: &'a AgencyId,
    connection: Connection,
    credential: Credential,
    provider: Provider,
    epoch: i64,
}

impl<'a> Lease<'a> {
    async fn take(
        platform: &'a Platform,
        agency: &'a AgencyId,
        connection: Connection,
        credential: Credential,
    ) -> Result<Option<Self>, AccessError> {
        let mut tx = platform.store.begin(agency).await?;
        let provider = provider(&mut tx, &connection.app, &connection.host_vars).await;
        let provider = provider.map_err(misconfigured)?;
        let owner = platform.refreshes.owner();
        let epoch = tx
            .credential_lease(&connection.id, credential.epoch, owner)
            .await?;
        let Some(epoch) = epoch else {
            return Ok(None);
        };
        tx.commit().await?;
        failpoint::hit("refresh_leased");
        Ok(Some(Self {
            platform,
            agency,
            connection,
            credential,
            provider,
            epoch,
        }))
    }

    async fn renew(&self) -> Result<Option<Access>, AccessError> {
        let asked_at = self.platform.now();
        let answer = match self.ask().await {
            Some(Err(error)) if error.kind == TokenErrorKind::InvalidGrant => {
                // R3: perhaps another refresher was faster, and the refresh token that was sent is a used one.
                if !self.holds().await? {
                    return Ok(None);
                }
                if self.credential.refresh_intent_at.is_some() {
                    return self.died("invalid_grant").await;
                }
                self.pause().await;
                self.ask().await
            }
            answer => answer,
        };
        match answer {
            Some(Ok(tokens)) => {
                failpoint::hit("refresh_answered");
                self.keep(&tokens, asked_at).await
            }
            Some(Err(error)) => self.refused(&error).await,
            None => self.unrenewable("token_expired").await,
        }
    }

    /// None: there is nothing to ask with.
    async fn ask(&self) -> Option<Result<TokenSet, TokenError>> {
        let Provider {
            app,
            endpoints,
            credentials,
            ..
        } = &self.provider;
        let token = self.credential.refresh_token.as_ref();
        let token = token.filter(|_| app.refresh.style == RefreshStyle::Standard)?;
        let url = &endpoints.refresh;
        Some(refresh(&self.platform.egress, app, url, credentials, token).await)
    }

    async fn holds(&self) -> Result<bool, AccessError> {
        let (_, credential) = read(self.platform, self.agency, &self.connection.id).await?;
        Ok(credential.epoch == self.epoch)
    }

    async fn pause(&self) {
        let [chance] = self.platform.entropy.bytes::<1>();
        sleep(JITTER + JITTER * u32::from(chance) / 255).await;
    }

    /// The old refresh token may be worth nothing now, so a store that fails is asked again.
    async fn keep(
        &self,
        tokens: &TokenSet,
        asked_at: Timestamp,
    ) -> Result<Option<Access>, AccessError> {
        let life = tokens.expires_in.unwrap_or(UNNAMED_LIFE);
        let expires_at = Some(asked_at.plus(life));
        let mut tries = 1;
        loop {
            match self.store(tokens, expires_at).await {
                Ok(kept) => return Ok(kept),
                Err(error) if tries == STORE_TRIES => return Err(error),
                Err(error) => {
                    tracing::warn!(connection = %self.connection.id, %error, "new tokens are not stored yet");
                    self.pause().await;
                    tries += 1;
                }
            }
        }
    }

    async fn store(
        &self,
        tokens: &TokenSet,
        expires_at: Option<Timestamp>,
    ) -> Result<Option<Access>, AccessError> {
        let id = &self.connection.id;
        let mut tx = self.platform.store.begin(self.agency).await?;
        // First, because it takes the agency's turn, and every transaction takes that before it locks rows.
        tx.record(NewEvent {
            kind: EventType::ConnectionRefreshed,
            actor: "system",
            subject: id.as_str(),
            data: serde_json::json!({ "app": self.connection.app }),
        })
        .await?;
        let new = Tokens {
            access_token: &tokens.access_token,
            refresh_token: tokens.refresh_token.as_ref(),
            token_type: &tokens.token_type,
            expires_at,
        };
        if !tx
            .credential_refreshed(&self.connection, self.epoch, &new)
            .await?
        {
            tracing::warn!(connection = %id, "a refresh was overtaken, its tokens are dropped");
            return Ok(None);
        }
        let scopes = tokens.scopes.as_ref();
        let scopes = scopes.unwrap_or(&self.connection.scopes_granted);
        if *scopes != self.connection.scopes_granted {
            tx.connection_scopes(id, scopes).await?;
        }
        tx.connection_proven(id, None).await.map_err(action)?;
        tx.commit().await?;
        self.platform.changed(self.agency);
        Ok(Some(Access {
            access_token: tokens.access_token.clone(),
            token_type: tokens.token_type.clone(),
            expires_at,
            scopes: scopes.clone(),
        }))
    }

    /// R4: what is final ends the connection, what passes leaves everything as it was.
    async fn refused(&self, error: &TokenError) -> Result<Option<Access>, AccessError> {
        let id = &self.connection.id;
        tracing::warn!(connection = %id, app = self.connection.app, %error, "refresh failed");
        match error.kind {
            TokenErrorKind::InvalidGrant => self.died("invalid_grant").await,
            TokenErrorKind::UnauthorizedClient => self.died("unauthorized_client").await,
            TokenErrorKind::AccessDenied => self.died("access_denied").await,
            // Final for the request, but not said of the grant: believed when the token is over.
            TokenErrorKind::InvalidScope | TokenErrorKind::OtherTerminal => {
                self.unrenewable("refresh_refused").await
            }
            TokenErrorKind::InvalidClient => {
                self.release().await?;
                Err(AccessError::Misconfigured(error.to_string()))
            }
            TokenErrorKind::Transient { retry_after } => self.busy(retry_after).await,
            TokenErrorKind::Malformed | TokenErrorKind::Network => self.busy(None).await,
        }
    }

    async fn busy(&self, retry_after: Option<Duration>) -> Result<Option<Access>, AccessError> {
        self.release().await?;
        let retry_after = retry_after.unwrap_or(PAUSE);
        Err(AccessError::Busy { retry_after })
    }

    /// Nothing can be renewed; the grant is over when its token is.
    async fn unrenewable(&self, code: &str) -> Result<Option<Access>, AccessError> {
        let current = access(&self.connection, &self.credential);
        if current.is_valid(self.platform.now()) {
            self.busy(None).await
        } else {
            self.died(code).await
        }
    }

    async fn died(&self, code: &str) -> Result<Option<Access>, AccessError> {
        let mut tx = self.platform.store.begin(self.agency).await?;
        let failed = tx.credential_failed(&self.connection.id, self.epoch, code);
        if !failed.await.map_err(action)? {
            return Ok(None);
        }
        tx.commit().await?;
        self.platform.changed(self.agency);
        Err(AccessError::ReconnectRequired)
    }

    async fn release(&self) -> Result<(), StoreError> {
        let mut tx = self.platform.store.begin(self.agency).await?;
        tx.credential_release(&self.connection.id, self.epoch)
            .await?;
        tx.commit().await
    }
}

fn misconfigured(problem: ProviderProblem) -> AccessError {
    match problem {
        ProviderProblem::Store(error) => error.into(),
        problem => AccessError::Misconfigured(problem.to_string()),
    }
}

/// The moves made here have no conflicts; a connection that is gone is one that is not found.
fn action(error: ActionError) -> AccessError {
    match error {
        ActionError::Store(error) => error.into(),
        ActionError::NotFound(_) => AccessError::NotFound,
        ActionError::Conflict { .. } | ActionError::Invalid { .. } => {
            AccessError::Busy { retry_after: PAUSE }
        }
    }
}
