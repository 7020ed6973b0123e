use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use latchkey_tenants::{AgencyId, Store, StoreError};
use latchkey_themes::{Package, Theme, ThemeHash};
use tokio::sync::{OnceCell, Semaphore};

use super::failures::{Failures, caught};

/// Compiled versions that are kept: those that were asked for last.
const KEPT: usize = 500;
/// Compiling takes a core; pages of other agencies need the rest.
const COMPILING: usize = 2;

/// Compiled versions by their hash, which says all there is to say about a version: two agencies with the same package share it.
pub(crate) struct Themes {
    known: Mutex<Known>,
    compiling: Semaphore,
    pub(super) failures: Failures,
}

#[derive(Default)]
struct Known {
    by_hash: HashMap<String, Entry>,
    /// Counts look-ups, so that an entry knows how long ago it was wanted.
    now: u64,
}

struct Entry {
    compiled: Arc<OnceCell<Compiled>>,
    used: u64,
}

/// What became of a version. It stays what it is as long as the program runs.
#[derive(Clone)]
pub(crate) enum Compiled {
    Theme(Arc<Theme>),
    /// It passed the check of another time, or of another version of this program.
    Broken,
}

impl Themes {
    /// Compiles the base theme, so that the first page need not wait for it.
    pub fn new() -> Self {
        let _ = Theme::base();
        Self {
            known: Mutex::default(),
            compiling: Semaphore::new(COMPILING),
            failures: Failures::default(),
        }
    }

    /// The agency's version with this hash, compiled by whoever asks first while the others wait. None: it has no such version.
    pub async fn of(
        &self,
        store: &Store,
        agency: &AgencyId,
        hash: &str,
    ) -> Result<Option<Compiled>, StoreError> {
        let cell = self.cell(hash);
        let compiled = cell.get_or_try_init(async || {
            let mut tx = store.read(agency).await.map_err(Some)?;
            let package = tx.theme_package(hash).await.map_err(Some)?;
            drop(tx);
            self.compile(hash, package.ok_or(None)?).await
        });
        match compiled.await {
            Ok(compiled) => Ok(Some(compiled.clone())),
            Err(None) => {
                self.forget(hash);
                Ok(None)
            }
            Err(Some(error)) => Err(error),
        }
    }

    async fn compile(&self, hash: &str, package: Vec<u8>) -> Result<Compiled, Option<StoreError>> {
        let hash = ThemeHash::parse(hash);
        // The semaphore is never closed; without a permit compiling would only be less orderly.
        let permit = self.compiling.acquire().await;
        let compiled = tokio::task::spawn_blocking(move || compile(&package, hash?)).await;
        drop(permit);
        Ok(compiled
            .ok()
            .flatten()
            .map_or(Compiled::Broken, |theme| Compiled::Theme(Arc::new(theme))))
    }

    fn cell(&self, hash: &str) -> Arc<OnceCell<Compiled>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.now += 1;
        let now = known.now;
        if let Some(entry) = known.by_hash.get_mut(hash) {
            entry.used = now;
            return Arc::clone(&entry.compiled);
        }
        if known.by_hash.len() >= KEPT {
            known.drop_oldest();
        }
        let compiled = Arc::default();
        let entry = Entry {
            compiled: Arc::clone(&compiled),
            used: now,
        };
        known.by_hash.insert(hash.to_owned(), entry);
        compiled
    }

    fn forget(&self, hash: &str) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.by_hash.remove(hash);
    }
}

impl Known {
    /// A tenth at once, so that looking for the oldest is seldom.
    fn drop_oldest(&mut self) {
        let mut used: Vec<u64> = self.by_hash.values().map(|entry| entry.used).collect();
        used.sort_unstable();
        let limit = used.get(KEPT / 10).copied().unwrap_or(u64::MAX);
        self.by_hash.retain(|_, entry| entry.used >= limit);
    }
}

/// None: it cannot be read or compiled.
fn compile(package: &[u8], hash: ThemeHash) -> Option<Theme> {
    let compiled = caught(|| {
        let package = Package::from_stored(package, hash).ok()?;
        Theme::compile_live(&package).ok()
    });
    compiled.flatten()
}
