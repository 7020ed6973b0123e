use std::{marker::PhantomData, sync::Arc};

use axum::{
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, header::AUTHORIZATION, request::Parts};
use latchkey_tenants::{
    AgencyId, AgencyStatus, ApiKey, ApiKeyId, KeyScope, Tx,
    secret::{API_KEY_PREFIX, parse_secret},
};

use super::problem::Problem;
use crate::{platform::Platform, usage::Use};

/// The key behind `Authorization: Bearer lk_...`, or 401. Stands before every call.
pub(super) async fn authenticate(
    State(platform): State<Platform>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let key = key_of(&platform, request.headers()).await?;
    let used = Use {
        agency: key.agency_id.clone(),
        at: platform.now(),
        by: (),
    };
    platform.key_usage.note(&key.id, used);
    request.extensions_mut().insert(Arc::new(key));
    Ok(next.run(request).await)
}

async fn key_of(platform: &Platform, headers: &HeaderMap) -> Result<ApiKey, Problem> {
    let mut shown = headers.get_all(AUTHORIZATION).iter();
    let (Some(shown), None) = (shown.next(), shown.next()) else {
        return Err(Problem::unauthenticated(false));
    };
    let (scheme, text) = shown
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Problem::unauthenticated(false));
    }
    let unknown = || Problem::unauthenticated(true);
    let secret = parse_secret(API_KEY_PREFIX, text.trim()).ok_or_else(unknown)?;
    let mut tx = platform.store.read_platform().await?;
    let (key, status) = tx.api_key_by_secret(&secret).await?.ok_or_else(unknown)?;
    match status {
        AgencyStatus::Active => Ok(key),
        AgencyStatus::Suspended => Err(Problem::agency_suspended()),
    }
}

/// A program of an agency whose key has the scope `S`: the proof that a handler may act.
pub(super) struct Caller<S> {
    pub platform: Platform,
    /// As the audit log names it.
    pub actor: String,
    pub key: ApiKeyId,
    agency: AgencyId,
    scope: PhantomData<fn() -> S>,
}

impl<S> Caller<S> {
    pub fn agency(&self) -> &AgencyId {
        &self.agency
    }

    pub async fn read(&self) -> Result<Tx, Problem> {
        Ok(self.platform.store.read(&self.agency).await?)
    }

    pub async fn begin(&self) -> Result<Tx, Problem> {
        Ok(self.platform.store.begin(&self.agency).await?)
    }

    /// Commits, and wakes those who wait for news of the agency.
    pub async fn commit(&self, tx: Tx) -> Result<(), Problem> {
        tx.commit().await?;
        self.platform.changed(&self.agency);
        Ok(())
    }
}

impl<S: Scope> FromRequestParts<Platform> for Caller<S> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, platform: &Platform) -> Result<Self, Problem> {
        let key = parts.extensions.get::<Arc<ApiKey>>();
        let key = key.ok_or_else(|| Problem::unauthenticated(false))?;
        if !key.scopes.contains(&S::SCOPE) {
            return Err(Problem::missing_scope(S::SCOPE));
        }
        Ok(Self {
            platform: platform.clone(),
            actor: format!("api_key:{}", key.id),
            key: key.id.clone(),
            agency: key.agency_id.clone(),
            scope: PhantomData,
        })
    }
}

/// A scope as a type, so that a handler's arguments say what its caller may do.
pub(super) trait Scope {
    const SCOPE: KeyScope;
}

macro_rules! scopes {
    ($($name:ident),* $(,)?) => {$(
        pub(super) struct $name;
        impl Scope for $name {
            const SCOPE: KeyScope = KeyScope::$name;
        }
    )*};
}

scopes!(
    AppsRead,
    AppsWrite,
    WorkspacesRead,
    WorkspacesWrite,
    WorkflowsRead,
    WorkflowsWrite,
    RequestsRead,
    RequestsWrite,
    ConnectionsRead,
    ConnectionsRevoke,
    ConnectionsToken,
    DomainsRead,
    DomainsWrite,
    ThemesRead,
    ThemesWrite,
    MailRead,
    MailWrite,
    EventsRead,
    MembersRead,
    MembersWrite,
);
