//! The installation's keys that mails are signed with: made, published, changed.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use latchkey_tenants::{
    Clock, Store, StoreError, Timestamp,
    store::{DkimKey, SELECTORS},
};
use latchkey_themes::dkim::{DkimError, Signer, new_key, txt_record};

use super::{Dns, Names, published};

#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Key(#[from] DkimError),
}

/// The key that signs, read anew every minute so that a rotation reaches every process.
pub(crate) struct Keys {
    known: Mutex<Option<(Timestamp, Option<Signer>)>>,
    clock: Arc<dyn Clock>,
}

const REMEMBERED_FOR: Duration = Duration::from_mins(1);
/// Mails signed with a key may be on their way for so long after it rests.
const REST: Duration = Duration::from_hours(7 * 24);

impl Keys {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            known: Mutex::default(),
            clock,
        }
    }

    /// None: no keys were made, and mails go unsigned.
    pub async fn signer(&self, store: &Store) -> Result<Option<Signer>, KeysError> {
        let now = self.clock.now();
        {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((since, signer)) = &*known
                && now < since.plus(REMEMBERED_FOR)
            {
                return Ok(signer.clone());
            }
        }
        let found = store.read_platform().await?.dkim_signing_key().await?;
        let signer = match found {
            Some((key, secret)) => Some(Signer::new(&key.selector, &secret)?),
            None => None,
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some((now, signer.clone()));
        Ok(signer)
    }
}

/// Both keys; those that are missing are made, and the first one signs.
pub async fn make_keys(store: &Store) -> Result<Vec<DkimKey>, KeysError> {
    let known = store.read_platform().await?.dkim_keys().await?;
    for selector in SELECTORS {
        if !known.iter().any(|key| key.selector == selector) {
            put_new_key(store, selector).await?;
        }
    }
    if !known.iter().any(DkimKey::signs) {
        sign_with(store, SELECTORS[0]).await?;
    }
    Ok(store.read_platform().await?.dkim_keys().await?)
}

async fn put_new_key(store: &Store, selector: &str) -> Result<(), KeysError> {
    let made = new_key()?;
    let mut tx = store.begin_platform().await?;
    tx.dkim_key_put(selector, &made.private_key, &made.public_key)
        .await?;
    Ok(tx.commit().await?)
}

async fn sign_with(store: &Store, selector: &str) -> Result<(), KeysError> {
    let mut tx = store.begin_platform().await?;
    tx.dkim_sign_with(selector).await?;
    Ok(tx.commit().await?)
}

/// The records that the operator makes: type, name and value. `relay`: the host that mails leave from, for SPF.
pub fn dns_records(
    names: &Names,
    keys: &[DkimKey],
    sender: Option<&str>,
    relay: Option<&str>,
) -> Vec<(&'static str, String, String)> {
    let mut records: Vec<_> = keys
        .iter()
        .map(|key| {
            let name = names.key_target("*", &key.selector);
            ("TXT", name, txt_record(&key.public_key))
        })
        .collect();
    for key in keys {
        if let Some((_, domain)) = sender.and_then(|sender| sender.rsplit_once('@')) {
            let name = format!("{}._domainkey.{domain}", key.selector);
            records.push(("CNAME", name, names.key_target("sender", &key.selector)));
        }
    }
    let bounces = names.return_host();
    let from = relay.map(|relay| format!(" a:{relay}")).unwrap_or_default();
    records.push(("TXT", bounces.clone(), format!("v=spf1 mx{from} ~all")));
    records.push((
        "MX",
        bounces,
        "10 (the host that takes your mail)".to_owned(),
    ));
    records
}

/// What a rotation did, and what is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// A new key is to be published; it signs when this is asked again and it can be seen.
    Publish {
        selector: String,
        public_key: String,
    },
    /// The published key signs from now on.
    Signs { selector: String },
    /// The other key signed until lately: mails with its signature are still on their way.
    TooEarly { until: Timestamp },
}

/// The next step of changing keys: make one, or sign with the one that was made and can be seen.
pub async fn rotate(store: &Store, dns: &Dns, names: &Names) -> Result<Rotation, KeysError> {
    let keys = make_keys(store).await?;
    let Some(next) = keys.iter().find(|key| !key.signs()) else {
        return Err(KeysError::Key(DkimError::Read));
    };
    if let Some(rested) = next.rested_at {
        let until = rested.plus(REST);
        if store.now() < until {
            return Ok(Rotation::TooEarly { until });
        }
        put_new_key(store, &next.selector).await?;
        let keys = store.read_platform().await?.dkim_keys().await?;
        let made = keys.into_iter().find(|key| key.selector == next.selector);
        let made = made.ok_or(KeysError::Key(DkimError::Make))?;
        return Ok(publish(&made));
    }
    if published(dns, names, next).await {
        sign_with(store, &next.selector).await?;
        return Ok(Rotation::Signs {
            selector: next.selector.clone(),
        });
    }
    Ok(publish(next))
}

fn publish(key: &DkimKey) -> Rotation {
    Rotation::Publish {
        selector: key.selector.clone(),
        public_key: key.public_key.clone(),
    }
}
