use latchkey_tenants::{
    Account, ActionError, EventType, ItemStatus, NewEvent, Timestamp, Tx,
    store::{Flow, NewConnection, Tokens},
};
use secrecy::SecretString;
use url::Url;

use super::{
    callback::Checked,
    protocol::{
        Expected, IdTokenError, ProbeError, RevokeError, TokenError, TokenErrorKind, TokenHint,
        TokenSet, check_id_token, exchange_code, probe_account, revoke,
    },
};
use crate::{
    failpoint,
    failure::chain,
    http::{PageError, Query, Site},
    link::Notice,
    platform::Platform,
};

/// How a checked flow ended.
pub(super) enum Arrived {
    /// Back to the page, with a sentence.
    Back(Option<Notice>),
    /// The agency's OAuth client does not work at the provider.
    Unavailable { reason: String },
}

/// Trades the code for tokens, asks whose account it is, and writes everything in one transaction.
///
/// No transaction is open while a word goes out.
pub(super) async fn arrive(
    platform: &Platform,
    site: &Site,
    flow: &Flow,
    checked: &Checked,
    query: &Query,
) -> Result<Arrived, PageError> {
    if let Some(error) = query.get("error") {
        return refused_there(platform, site, flow, error).await;
    }
    let Some(code) = query.get("code").map(SecretString::from) else {
        return failed(platform, site, flow, "no_code", Notice::ProviderError).await;
    };
    let asked_at = platform.now();
    let tokens = match exchange(platform, flow, checked, &code).await {
        Ok(tokens) => tokens,
        Err(error) => return not_exchanged(platform, site, flow, &error).await,
    };
    failpoint::hit("callback.exchanged");
    let Ok(identity) = identity(platform, flow, checked, &tokens) else {
        return failed(
            platform,
            site,
            flow,
            "id_token_invalid",
            Notice::ProviderError,
        )
        .await;
    };
    let probed = probe(platform, checked, &tokens).await;
    failpoint::hit("callback.probed");
    let grant = Grant {
        proven: matches!(probed, Ok(_) | Err(ProbeError::Unsupported)),
        account: probed.ok().or(identity),
        expires_at: tokens.expires_in.map(|life| asked_at.plus(life)),
        tokens,
    };
    keep(platform, site, flow, checked, &grant).await
}

/// What a flow brought home.
struct Grant {
    tokens: TokenSet,
    expires_at: Option<Timestamp>,
    account: Option<Account>,
    proven: bool,
}

async fn keep(
    platform: &Platform,
    site: &Site,
    flow: &Flow,
    checked: &Checked,
    grant: &Grant,
) -> Result<Arrived, PageError> {
    let tokens = &grant.tokens;
    let connection = NewConnection {
        item_id: &flow.item_id,
        authorized_email: Some(checked.opened.address()),
        actor: &checked.opened.actor(),
        account: grant.account.clone(),
        proven: grant.proven,
        scopes_requested: &flow.scopes,
        scopes_granted: tokens.scopes.as_deref().unwrap_or(&flow.scopes),
        host_vars: &flow.host_vars,
        tokens: Tokens {
            access_token: &tokens.access_token,
            refresh_token: tokens.refresh_token.as_ref(),
            token_type: &tokens.token_type,
            expires_at: grant.expires_at,
        },
    };
    let mut tx = platform.store.begin(&site.agency.id).await?;
    let written = match &flow.connection_id {
        Some(id) => tx
            .connection_reconnected(id, &connection)
            .await
            .map(|()| ItemStatus::Fulfilled),
        None => tx
            .connection_fulfil(connection)
            .await
            .map(|(status, _)| status),
    };
    failpoint::hit("callback.written");
    match written {
        Ok(status) => {
            tx.commit().await?;
            failpoint::hit("callback.committed");
            platform.changed(&site.agency.id);
            Ok(Arrived::Back(Some(match status {
                ItemStatus::Held => Notice::Held,
                _ => Notice::Connected,
            })))
        }
        Err(ActionError::Conflict { code, .. }) => {
            drop(tx);
            unwanted(platform, checked, tokens, code).await;
            let other = (code == "other_account").then_some(Notice::OtherAccount);
            Ok(Arrived::Back(other))
        }
        Err(error) => Err(error.into()),
    }
}

async fn exchange(
    platform: &Platform,
    flow: &Flow,
    checked: &Checked,
    code: &SecretString,
) -> Result<TokenSet, TokenError> {
    let provider = &checked.provider;
    #[expect(
        clippy::expect_used,
        reason = "it was parsed before it was stored with the flow"
    )]
    let redirect_uri = Url::parse(&flow.redirect_uri).expect("a stored redirect URI");
    exchange_code(
        &platform.egress,
        &provider.app,
        &provider.endpoints.token,
        &provider.credentials,
        code,
        &redirect_uri,
        flow.verifier.as_ref(),
    )
    .await
}

/// Who the id_token names, if the provider gave one that we asked for.
fn identity(
    platform: &Platform,
    flow: &Flow,
    checked: &Checked,
    tokens: &TokenSet,
) -> Result<Option<Account>, IdTokenError> {
    let (Some(id_token), Some(issuer), Some(nonce)) = (&tokens.id_token, &flow.issuer, &flow.nonce)
    else {
        return Ok(None);
    };
    let expected = Expected {
        issuer,
        client_id: &checked.provider.client.client_id,
        nonce: Some(nonce),
    };
    let found = check_id_token(id_token, &expected, &*platform.clock)?;
    Ok(Some(Account {
        id: found.subject,
        // An address that nobody vouches for must not pass for the account that was expected.
        label: found.email.filter(|_| found.email_verified),
    }))
}

async fn probe(
    platform: &Platform,
    checked: &Checked,
    tokens: &TokenSet,
) -> Result<Account, ProbeError> {
    let provider = &checked.provider;
    let url = provider
        .endpoints
        .probe
        .as_ref()
        .ok_or(ProbeError::Unsupported)?;
    probe_account(&platform.egress, &provider.app, url, &tokens.access_token).await
}

/// The provider sent the browser back with an error (RFC 6749 §4.1.2.1).
async fn refused_there(
    platform: &Platform,
    site: &Site,
    flow: &Flow,
    error: &str,
) -> Result<Arrived, PageError> {
    match error {
        "access_denied" | "consent_required" | "interaction_required" | "login_required" => {
            failed(platform, site, flow, "access_denied", Notice::Denied).await
        }
        "invalid_client"
        | "unauthorized_client"
        | "invalid_scope"
        | "redirect_uri_mismatch"
        | "invalid_redirect_uri"
        | "unsupported_response_type"
        | "invalid_request" => Ok(Arrived::Unavailable {
            reason: error.to_owned(),
        }),
        _ => {
            failed(
                platform,
                site,
                flow,
                "provider_error",
                Notice::ProviderError,
            )
            .await
        }
    }
}

async fn not_exchanged(
    platform: &Platform,
    site: &Site,
    flow: &Flow,
    error: &TokenError,
) -> Result<Arrived, PageError> {
    tracing::warn!(
        app = flow.app,
        error = %chain(error),
        "a code could not be exchanged"
    );
    match error.kind {
        TokenErrorKind::InvalidClient
        | TokenErrorKind::UnauthorizedClient
        | TokenErrorKind::InvalidScope => {
            let reason = error
                .code
                .clone()
                .unwrap_or_else(|| "invalid_client".to_owned());
            Ok(Arrived::Unavailable { reason })
        }
        TokenErrorKind::Network | TokenErrorKind::Transient { .. } => {
            failed(platform, site, flow, "unreachable", Notice::Unreachable).await
        }
        TokenErrorKind::AccessDenied => {
            failed(platform, site, flow, "access_denied", Notice::Denied).await
        }
        _ => {
            let reason = error.code.as_deref().unwrap_or("malformed_answer");
            failed(platform, site, flow, reason, Notice::ProviderError).await
        }
    }
}

/// Notes in the agency's log why nothing was connected. The item stays pending.
async fn failed(
    platform: &Platform,
    site: &Site,
    flow: &Flow,
    reason: &str,
    notice: Notice,
) -> Result<Arrived, PageError> {
    let mut tx: Tx = platform.store.begin(&site.agency.id).await?;
    let data =
        serde_json::json!({ "request_id": flow.request_id, "app": flow.app, "reason": reason });
    let kind = EventType::FlowFailed;
    tx.record(NewEvent {
        kind,
        actor: "recipient",
        subject: flow.item_id.as_str(),
        data,
    })
    .await?;
    tx.commit().await?;
    Ok(Arrived::Back(Some(notice)))
}

/// The request, item or connection ended, or the workspace was suspended, while the client was at the provider: the grant is given back. Not when another flow of this item
/// was faster, because at some providers both are the same grant.
async fn unwanted(platform: &Platform, checked: &Checked, tokens: &TokenSet, code: &str) {
    let provider = &checked.provider;
    let Some(url) = provider.endpoints.revoke.as_ref().filter(|_| {
        matches!(
            code,
            "request_ended"
                | "item_ended"
                | "connection_revoked"
                | "other_account"
                | "workspace_suspended"
        )
    }) else {
        return;
    };
    let (token, hint) = match &tokens.refresh_token {
        Some(token) => (token, TokenHint::RefreshToken),
        None => (&tokens.access_token, TokenHint::AccessToken),
    };
    let revoked: Result<_, RevokeError> = revoke(
        &platform.egress,
        &provider.app,
        url,
        &provider.credentials,
        token,
        hint,
    )
    .await;
    if let Err(error) = revoked {
        tracing::warn!(
            app = provider.app.slug,
            error = %chain(&error),
            "an unwanted grant stays at the provider"
        );
    }
}
