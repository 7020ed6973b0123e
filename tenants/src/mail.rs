use crate::text_enum;

text_enum! {
    MailKind {
        Request = "request", FreshLink = "fresh_link", Cancelled = "cancelled", AppFailed = "app_failed",
        ReconnectNeeded = "reconnect_needed", AllConnected = "all_connected",
    }
}

text_enum! {
    /// `Skipped`: its link died before it could go out.
    MailStatus { Queued = "queued", Sent = "sent", Failed = "failed", Skipped = "skipped" }
}
