use crate::text_enum;

text_enum! {
    /// Each is a mail of the theme under the same name.
    MailKind {
        Request = "request", FreshLink = "fresh_link", LinkReplaced = "link_replaced", Reminder = "reminder",
        LastCall = "last_call", Cancelled = "cancelled", AllDone = "all_done", AllConnected = "all_connected",
        AppFailed = "app_failed", ReconnectNeeded = "reconnect_needed", Revoked = "revoked",
        MailUndeliverable = "mail_undeliverable", Invitation = "invitation", SignIn = "sign_in",
        NewDevice = "new_device", RoleChanged = "role_changed", DomainLive = "domain_live",
        DomainDrifted = "domain_drifted",
    }
}

text_enum! {
    /// `Skipped`: its link died before it could go out.
    MailStatus { Queued = "queued", Sent = "sent", Failed = "failed", Skipped = "skipped" }
}
