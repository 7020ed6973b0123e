//! The agency's hosts: the steps that its programs and its staff take alike.

mod host;
mod records;
mod steps;

pub(crate) use host::belongs_to_many;
pub(crate) use records::{RecordStatus, RecordView, records};
pub(crate) use steps::{add_first_host, release, watch};
