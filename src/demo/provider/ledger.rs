use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use latchkey_tenants::{Entropy, Timestamp};
use ring::digest;
use serde::{Deserialize, Serialize};

pub const CODE_LIFETIME: Duration = Duration::from_mins(1);
/// Short, so that a visitor of the demo sees a refresh happen.
pub const ACCESS_LIFETIME: Duration = Duration::from_mins(10);
/// How many used refresh tokens a grant remembers in order to notice a stolen one.
const REMEMBERED_REFRESH_TOKENS: usize = 64;

/// What the provider remembers: registrations, codes and grants. Codes and tokens only as digests.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Ledger {
    redirect_uris: BTreeMap<String, BTreeSet<String>>,
    codes: BTreeMap<Digest, Code>,
    grants: BTreeMap<String, Grant>,
}

/// SHA-256 as base64url. Enough for values of 256 random bits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Digest(String);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Code {
    pub client_id: String,
    pub redirect_uri: String,
    pub account: String,
    pub scopes: Vec<String>,
    /// The S256 challenge of RFC 7636 §4.2, as it was sent.
    pub challenge: String,
    pub expires_at: i64,
    /// The grant that came of it; a second use ends that grant.
    pub grant: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Grant {
    pub client_id: String,
    pub account: String,
    pub scopes: Vec<String>,
    pub granted_at: i64,
    refresh: Digest,
    used_refresh: Vec<Digest>,
    access: BTreeMap<Digest, i64>,
}

/// Fresh tokens, made before the ledger is changed.
pub struct Fresh {
    pub grant: String,
    pub access: String,
    pub refresh: String,
}

/// Why a code or refresh token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    #[error("the code or token is unknown, expired or taken back")]
    Unknown,
    #[error("the code or token was used before; everything it gave is taken back")]
    UsedBefore,
    #[error("the redirect URI is not the one of the authorization request")]
    RedirectUri,
    #[error("the code verifier does not fit the code challenge")]
    Verifier,
    #[error("the scope asks for more than was granted")]
    Scope,
}

impl Digest {
    pub fn of(secret: &str) -> Self {
        let hash = digest::digest(&digest::SHA256, secret.as_bytes());
        Self(URL_SAFE_NO_PAD.encode(hash))
    }
}

impl Fresh {
    pub fn draw(entropy: &dyn Entropy) -> Self {
        Self {
            grant: entropy.short_token(),
            access: format!("at_{}", entropy.token()),
            refresh: format!("rt_{}", entropy.token()),
        }
    }
}

impl Ledger {
    pub fn register(&mut self, client_id: &str, redirect_uri: &str) {
        self.redirect_uris
            .entry(client_id.to_owned())
            .or_default()
            .insert(redirect_uri.to_owned());
    }

    pub fn redirect_uris(&self, client_id: &str) -> impl Iterator<Item = &str> {
        self.redirect_uris
            .get(client_id)
            .into_iter()
            .flatten()
            .map(String::as_str)
    }

    /// Forgets codes and access tokens whose time is over. Grants stay until they are taken back.
    pub fn forget_expired(&mut self, now: Timestamp) {
        self.codes.retain(|_, code| now.micros() < code.expires_at);
        for grant in self.grants.values_mut() {
            grant
                .access
                .retain(|_, expires_at| now.micros() < *expires_at);
        }
    }

    pub fn add_code(&mut self, secret: &str, code: Code) {
        self.codes.insert(Digest::of(secret), code);
    }

    /// Turns a code into a grant, once. A wrong verifier or redirect URI burns the code.
    pub fn redeem(
        &mut self,
        secret: &str,
        proof: &Proof<'_>,
        now: Timestamp,
        fresh: &Fresh,
    ) -> Result<Grant, GrantError> {
        let code = self
            .codes
            .get_mut(&Digest::of(secret))
            .filter(|code| code.client_id == proof.client_id && now.micros() < code.expires_at)
            .ok_or(GrantError::Unknown)?;
        if let Some(earlier) = code.grant.replace(fresh.grant.clone()) {
            self.grants.remove(&earlier);
            return Err(GrantError::UsedBefore);
        }
        if code.redirect_uri != proof.redirect_uri {
            return Err(GrantError::RedirectUri);
        }
        if Digest::of(proof.verifier).0 != code.challenge {
            return Err(GrantError::Verifier);
        }
        let grant = Grant {
            client_id: code.client_id.clone(),
            account: code.account.clone(),
            scopes: code.scopes.clone(),
            granted_at: now.micros(),
            refresh: Digest::of(&fresh.refresh),
            used_refresh: Vec::new(),
            access: BTreeMap::from([access_entry(fresh, now)]),
        };
        self.grants.insert(fresh.grant.clone(), grant.clone());
        Ok(grant)
    }

    /// Rotates the refresh token. `asked` may name a part of the scopes, but the grant is never narrowed. A used one ends the grant (RFC 9700 §4.14.2): one of two holders is a thief.
    pub fn refresh(
        &mut self,
        token: &str,
        client_id: &str,
        asked: &str,
        now: Timestamp,
        fresh: &Fresh,
    ) -> Result<Grant, GrantError> {
        let digest = Digest::of(token);
        let (id, grant) = self
            .grants
            .iter_mut()
            .find(|(_, grant)| grant.client_id == client_id && grant.knows_refresh(&digest))
            .ok_or(GrantError::Unknown)?;
        if grant.refresh != digest {
            let id = id.clone();
            self.grants.remove(&id);
            return Err(GrantError::UsedBefore);
        }
        if !grant.covers(asked) {
            return Err(GrantError::Scope);
        }
        grant.rotate(fresh, now);
        Ok(grant.clone())
    }

    /// The grant behind an access token that is still good.
    pub fn grant_by_access(&self, token: &str, now: Timestamp) -> Option<&Grant> {
        let digest = Digest::of(token);
        self.grants.values().find(|grant| {
            grant
                .access
                .get(&digest)
                .is_some_and(|expires_at| now.micros() < *expires_at)
        })
    }

    /// RFC 7009 §2.1: a refresh token takes its grant along, an access token only itself. An unknown token is no
    /// error; one of another client is left alone and answers `false`.
    pub fn revoke(&mut self, token: &str, client_id: &str) -> bool {
        let digest = Digest::of(token);
        let Some((id, grant)) = self
            .grants
            .iter_mut()
            .find(|(_, grant)| grant.knows_refresh(&digest) || grant.access.contains_key(&digest))
        else {
            return true;
        };
        if grant.client_id != client_id {
            return false;
        }
        if grant.access.remove(&digest).is_none() {
            let id = id.clone();
            self.grants.remove(&id);
        }
        true
    }

    /// Newest first.
    pub fn grants(&self) -> Vec<(&str, &Grant)> {
        let mut grants: Vec<_> = self
            .grants
            .iter()
            .map(|(id, grant)| (id.as_str(), grant))
            .collect();
        grants.sort_by_key(|(_, grant)| std::cmp::Reverse(grant.granted_at));
        grants
    }

    pub fn remove_grant(&mut self, id: &str) {
        self.grants.remove(id);
    }
}

/// What a client shows together with a code.
pub struct Proof<'a> {
    pub client_id: &'a str,
    pub redirect_uri: &'a str,
    pub verifier: &'a str,
}

impl Grant {
    fn knows_refresh(&self, digest: &Digest) -> bool {
        self.refresh == *digest || self.used_refresh.contains(digest)
    }

    fn covers(&self, asked: &str) -> bool {
        asked
            .split_ascii_whitespace()
            .all(|scope| self.scopes.iter().any(|granted| granted == scope))
    }

    fn rotate(&mut self, fresh: &Fresh, now: Timestamp) {
        let used = std::mem::replace(&mut self.refresh, Digest::of(&fresh.refresh));
        self.used_refresh.push(used);
        if self.used_refresh.len() > REMEMBERED_REFRESH_TOKENS {
            self.used_refresh.remove(0);
        }
        self.access.extend([access_entry(fresh, now)]);
    }
}

fn access_entry(fresh: &Fresh, now: Timestamp) -> (Digest, i64) {
    let expires_at = now.plus(ACCESS_LIFETIME);
    (Digest::of(&fresh.access), expires_at.micros())
}
