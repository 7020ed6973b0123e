//! The mails that the demo sent, to be read in the browser.

mod mail;
mod pages;
#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use latchkey_tenants::Clock;

pub use mail::{Envelope, Mail};
pub use pages::router;

/// The oldest goes when one more arrives.
const MAX_MAILS: usize = 500;

/// All mails, newest first; a clone is the same mailbox.
#[derive(Clone)]
pub struct Mailbox(Arc<Inner>);

struct Inner {
    dir: PathBuf,
    clock: Arc<dyn Clock>,
    mails: RwLock<VecDeque<Arc<Mail>>>,
}

impl Mailbox {
    /// Reads the mails that an earlier run left in `dir` and makes the directory when it is missing.
    pub fn load(dir: &Path, clock: Arc<dyn Clock>) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        let mut mails = Vec::new();
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            if path.extension().is_none_or(|extension| extension != "eml") {
                continue;
            }
            let id = path.file_stem().and_then(|stem| stem.to_str());
            if let Some(mail) = id.and_then(|id| Some((id, fs::read(&path).ok()?))) {
                mails.extend(Mail::parse(mail.0, mail.1).map(Arc::new));
            }
        }
        mails.sort_unstable_by(|a, b| b.id.cmp(&a.id));
        Ok(Self(Arc::new(Inner {
            dir: dir.to_owned(),
            clock,
            mails: RwLock::new(mails.into()),
        })))
    }

    /// Stores a message as it came over the wire. It is on disk when this returns.
    pub fn deliver(&self, envelope: &Envelope, message: &[u8]) -> io::Result<Arc<Mail>> {
        // Held over the write, so that two mails of the same microsecond get two ids.
        let mut mails = self.0.mails.write().unwrap_or_else(PoisonError::into_inner);
        let id = self.next_id(mails.front());
        let mail = Mail::parse(&id, envelope.stamp(message))
            .map(Arc::new)
            .ok_or(ErrorKind::InvalidData)?;
        super::disk::write(&self.file(&mail), &mail.raw)?;
        mails.push_front(Arc::clone(&mail));
        while mails.len() > MAX_MAILS {
            if let Some(oldest) = mails.pop_back() {
                fs::remove_file(self.file(&oldest))?;
            }
        }
        Ok(mail)
    }

    /// Newest first.
    pub fn mails(&self) -> Vec<Arc<Mail>> {
        let mails = self.0.mails.read().unwrap_or_else(PoisonError::into_inner);
        mails.iter().map(Arc::clone).collect()
    }

    pub fn mail(&self, id: &str) -> Option<Arc<Mail>> {
        self.mails().into_iter().find(|mail| mail.id == id)
    }

    /// Later than every id before it, even if the clock stands still or was set back.
    fn next_id(&self, newest: Option<&Arc<Mail>>) -> String {
        let now = self.0.clock.now().micros();
        let after = newest.map_or(0, |mail| mail.received_at.micros().saturating_add(1));
        format!("{:020}", now.max(after))
    }

    fn file(&self, mail: &Mail) -> PathBuf {
        self.0.dir.join(format!("{}.eml", mail.id))
    }
}
