use std::time::Duration;

use latchkey_tenants::{
    ActionError, AgencyId, Connection, ConnectionId, Receipt, ReceiptOutcome, StoreError,
    catalogue::{RefreshStyle, RevokeStyle},
    store::Credential,
};
use secrecy::SecretString;
use tokio::time::{Instant, sleep};
use url::Url;

use super::{
    client::{Provider, ProviderProblem, provider},
    protocol::{self, RevokeError, RevokeOutcome, TokenErrorKind, TokenHint},
};
use crate::{egress::Egress, failpoint, platform::Platform};

/// How long to wait for a refresh that is under way, and how often to look.
const WAIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(100);
/// One call of several, with a person waiting for the end of them.
const DEADLINE: Duration = Duration::from_secs(5);
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);
/// A provider that asks for a longer pause than this is not asked again.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Ends a grant: at the provider where it can be done there, then here for good, whatever the provider said. Its
/// receipt keeps what that was.
///
/// The provider comes first: killed in between, nothing is lost and a repeat finds a token that the provider does not
/// know, which is a revoked one. Doing it twice is doing it once: the second call gets the first one's receipt.
pub async fn disconnect(
    platform: &Platform,
    agency: &AgencyId,
    id: &ConnectionId,
    actor: &str,
) -> Result<Receipt, ActionError> {
    let (platform, agency, id) = (platform.clone(), agency.clone(), id.clone());
    let actor = actor.to_owned();
    // A task of its own: a caller that goes away does not leave a grant that is half ended.
    let task = tokio::spawn(async move {
        let Some((connection, credential)) = hold(&platform, &agency, &id).await? else {
            return Err(ActionError::NotFound("connection"));
        };
        let outcome = match (connection.receipt, credential) {
            (Some(receipt), _) => return Ok(receipt),
            // Destroyed before, without a word to the provider.
            (None, None) => ReceiptOutcome::Failed,
            (None, Some(credential)) => {
                at_provider(&platform, &agency, &connection, &credential).await?
            }
        };
        failpoint::hit("disconnect_revoked");
        here(&platform, &agency, &id, &actor, outcome).await
    });
    task.await.unwrap_or_else(|_| {
        let message = "the connection was not ended: try again";
        Err(ActionError::conflict("disconnect_interrupted", message))
    })
}

/// Takes the lease, so that no refresh brings a new token while the old one is revoked. Whoever holds it too long has
/// died, or will find that there is nothing left to write to.
async fn hold(
    platform: &Platform,
    agency: &AgencyId,
    id: &ConnectionId,
) -> Result<Option<(Connection, Option<Credential>)>, StoreError> {
    let patience = Instant::now() + WAIT;
    loop {
        let mut tx = platform.store.read(agency).await?;
        let Some((connection, credential)) = tx.connection_with_credential(id).await? else {
            return Ok(None);
        };
        drop(tx);
        let Some(found) = &credential else {
            return Ok(Some((connection, None)));
        };
        let late = Instant::now() >= patience;
        let free = !found.is_leased(platform.now());
        if late || (free && lease(platform, agency, id, found.epoch).await?) {
            return Ok(Some((connection, credential)));
        }
        sleep(POLL).await;
    }
}

async fn lease(
    platform: &Platform,
    agency: &AgencyId,
    id: &ConnectionId,
    epoch: i64,
) -> Result<bool, StoreError> {
    let mut tx = platform.store.begin(agency).await?;
    let owner = platform.refreshes.owner();
    let lease = tx.credential_lease(id, epoch, owner).await?;
    tx.commit().await?;
    Ok(lease.is_some())
}

async fn at_provider(
    platform: &Platform,
    agency: &AgencyId,
    connection: &Connection,
    credential: &Credential,
) -> Result<ReceiptOutcome, StoreError> {
    let mut tx = platform.store.read(agency).await?;
    let provider = provider(&mut tx, &connection.app, &connection.host_vars).await;
    drop(tx);
    let provider = match provider {
        Ok(provider) => provider,
        Err(ProviderProblem::Store(error)) => return Err(error),
        Err(problem) => {
            tracing::warn!(connection = %connection.id, %problem, "the grant is not revoked");
            return Ok(ReceiptOutcome::Failed);
        }
    };
    let (Some(row), Some(url)) = (&provider.app.revoke, &provider.endpoints.revoke) else {
        return Ok(ReceiptOutcome::Unsupported);
    };
    let grant = Grant {
        egress: platform.egress.clone().with_deadline(DEADLINE),
        connection: &connection.id,
        credential,
        provider: &provider,
        url,
    };
    let outcome = match row.style {
        RevokeStyle::Rfc7009 => grant.revoke_standard().await,
        RevokeStyle::BearerPost | RevokeStyle::BearerDelete => {
            let ended = credential.expires_at;
            let ended = ended.is_some_and(|end| end <= platform.now());
            grant.revoke_by_access_token(ended).await
        }
    };
    Ok(outcome)
}

struct Grant<'a> {
    egress: Egress,
    connection: &'a ConnectionId,
    credential: &'a Credential,
    provider: &'a Provider,
    url: &'a Url,
}

impl Grant<'_> {
    async fn revoke_standard(&self) -> ReceiptOutcome {
        let access_token = &self.credential.access_token;
        let Some(refresh_token) = &self.credential.refresh_token else {
            return self.revoke(access_token, TokenHint::AccessToken).await;
        };
        let outcome = self.revoke(refresh_token, TokenHint::RefreshToken).await;
        if outcome == ReceiptOutcome::Failed {
            return outcome;
        }
        // The grant cannot be renewed now. Not every provider ends the access token with it (RFC 7009 §2.1).
        let rest = self.revoke(access_token, TokenHint::AccessToken).await;
        match outcome {
            ReceiptOutcome::Unsupported => rest,
            outcome => outcome,
        }
    }

    /// To these providers a token whose time is up is as unknown as a revoked one, while the grant lives on. So it is
    /// renewed once more.
    async fn revoke_by_access_token(&self, ended: bool) -> ReceiptOutcome {
        let Provider {
            app,
            endpoints,
            credentials,
            ..
        } = self.provider;
        let refresh_token = self.credential.refresh_token.as_ref();
        let refresh_token = refresh_token.filter(|_| app.refresh.style == RefreshStyle::Standard);
        let (true, Some(token)) = (ended, refresh_token) else {
            let token = &self.credential.access_token;
            return self.revoke(token, TokenHint::AccessToken).await;
        };
        let url = &endpoints.refresh;
        match protocol::refresh(&self.egress, app, url, credentials, token).await {
            Ok(fresh) => {
                self.revoke(&fresh.access_token, TokenHint::AccessToken)
                    .await
            }
            Err(error) if error.kind == TokenErrorKind::InvalidGrant => ReceiptOutcome::Revoked,
            Err(error) => {
                tracing::warn!(connection = %self.connection, %error, "the grant is not revoked");
                ReceiptOutcome::Failed
            }
        }
    }

    async fn revoke(&self, token: &SecretString, hint: TokenHint) -> ReceiptOutcome {
        let Provider {
            app, credentials, ..
        } = self.provider;
        let mut tries = 1;
        loop {
            let answer =
                protocol::revoke(&self.egress, app, self.url, credentials, token, hint).await;
            let error = match answer {
                Ok(RevokeOutcome::Revoked) => return ReceiptOutcome::Revoked,
                Ok(RevokeOutcome::Unsupported) => return ReceiptOutcome::Unsupported,
                Err(error) => error,
            };
            let pause = match error {
                RevokeError::Retry { after } => after.unwrap_or(PAUSE),
                RevokeError::Failed(_) => Duration::MAX,
            };
            if tries == TRIES || pause > LONGEST_PAUSE {
                tracing::warn!(connection = %self.connection, app = app.slug, %error, "the grant is not revoked");
                return ReceiptOutcome::Failed;
            }
            sleep(pause).await;
            tries += 1;
        }
    }
}

async fn here(
    platform: &Platform,
    agency: &AgencyId,
    id: &ConnectionId,
    actor: &str,
    outcome: ReceiptOutcome,
) -> Result<Receipt, ActionError> {
    let mut tx = platform.store.begin(agency).await?;
    tx.connection_revoked(id, actor).await?;
    // Another call may have been faster; from here on this one has the agency's turn.
    let kept = tx.connection(id).await?;
    let kept = kept.and_then(|connection| connection.receipt);
    let receipt = match kept {
        Some(receipt) => receipt,
        None => tx.connection_receipt(id, outcome).await?,
    };
    tx.commit().await?;
    platform.changed(agency);
    Ok(receipt)
}
