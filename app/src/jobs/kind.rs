use std::time::Duration;

use futures_util::future::BoxFuture;
use latchkey_tenants::{
    StoreError,
    store::{CLOSE_WORKSPACE, ClaimedJob, FRESH_LINK},
};

use super::{close_workspace, fresh_link, mail, prove};
use crate::platform::Platform;

/// Every kind of job, one file each.
pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "mail",
        run: |platform, job| Box::pin(mail::run(platform, job)),
        gave_up: |platform, job, why| Box::pin(mail::gave_up(platform, job, why)),
    },
    Kind {
        name: "prove",
        run: |platform, job| Box::pin(prove::run(platform, job)),
        gave_up: |platform, job, why| Box::pin(prove::gave_up(platform, job, why)),
    },
    Kind {
        name: FRESH_LINK,
        run: |platform, job| Box::pin(fresh_link::run(platform, job)),
        gave_up: |platform, job, why| Box::pin(fresh_link::gave_up(platform, job, why)),
    },
    Kind {
        name: CLOSE_WORKSPACE,
        run: |platform, job| Box::pin(close_workspace::run(platform, job)),
        gave_up: |platform, job, why| Box::pin(close_workspace::gave_up(platform, job, why)),
    },
];

/// What is done for jobs of one name.
pub(super) struct Kind {
    pub name: &'static str,
    pub run: for<'a> fn(&'a Platform, &'a ClaimedJob) -> BoxFuture<'a, Result<(), JobError>>,
    /// Tells those concerned that the job will not be tried again.
    pub gave_up:
        for<'a> fn(&'a Platform, &'a ClaimedJob, &'a str) -> BoxFuture<'a, Result<(), StoreError>>,
}

/// Why a job is not done. The text is stored and shown to staff: it never holds a secret.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum JobError {
    /// Worth another try, by the table of pauses.
    Retry(String),
    /// Not the job's fault: it waits, however often.
    Wait { pause: Duration, why: String },
    /// Will not get better.
    Dead(String),
}

impl From<StoreError> for JobError {
    fn from(error: StoreError) -> Self {
        Self::Retry(error.to_string())
    }
}
