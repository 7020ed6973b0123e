//! States as staff read them: a tone for colour and shape, and a word.

use latchkey_tenants::{ItemStatus, MailStatus, Request, RequestStatus, Timestamp};

pub(in crate::console) type State = (&'static str, &'static str);

pub(in crate::console) fn request_state(request: &Request, now: Timestamp) -> State {
    match request.status_at(now) {
        RequestStatus::Queued | RequestStatus::Sent if request.suspended_at.is_some() => {
            ("wait", "Suspended")
        }
        RequestStatus::Queued => ("none", "Queued (not yet sent)"),
        RequestStatus::Sent => ("wait", "Waiting"),
        RequestStatus::Completed => ("ok", "Completed"),
        RequestStatus::Expired => ("bad", "Expired"),
        RequestStatus::Cancelled => ("none", "Cancelled"),
    }
}

pub(super) const fn item_state(status: ItemStatus) -> State {
    match status {
        ItemStatus::Pending => ("wait", "Waiting"),
        ItemStatus::Fulfilled => ("ok", "Connected"),
        ItemStatus::Held => ("bad", "Another account"),
        ItemStatus::Expired => ("none", "Expired"),
        ItemStatus::Cancelled => ("none", "Cancelled"),
        ItemStatus::Revoked => ("bad", "Revoked"),
        ItemStatus::Declined => ("bad", "Declined"),
    }
}

pub(super) const fn mail_state(status: MailStatus) -> State {
    match status {
        MailStatus::Queued => ("wait", "On its way"),
        MailStatus::Sent => ("ok", "Sent"),
        MailStatus::Delivered => ("ok", "Delivered"),
        MailStatus::Bounced => ("bad", "Came back"),
        MailStatus::Complained => ("bad", "Marked as unwanted"),
        MailStatus::Suppressed => ("bad", "Held back"),
        MailStatus::Failed => ("bad", "Refused"),
        MailStatus::Skipped => ("none", "Not needed any more"),
    }
}
