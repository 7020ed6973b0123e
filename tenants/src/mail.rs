use crate::text_enum;

text_enum! {
    /// Each is a mail of the theme under the same name.
    MailKind {
        Request = "request", FreshLink = "fresh_link", LinkReplaced = "link_replaced", Reminder = "reminder",
        LastCall = "last_call", Cancelled = "cancelled", AllDone = "all_done", AllConnected = "all_connected",
        AppFailed = "app_failed", ReconnectNeeded = "reconnect_needed", Revoked = "revoked",
        MailUndeliverable = "mail_undeliverable", Invitation = "invitation", SignIn = "sign_in",
        Forwarded = "forwarded", MyConnections = "my_connections",
        NewDevice = "new_device", RoleChanged = "role_changed", DomainLive = "domain_live",
        DomainDrifted = "domain_drifted",
    }
}

text_enum! {
    /// `Skipped`: what it was about ended before it could go out. `Suppressed`: its address gets nothing more.
    MailStatus {
        Queued = "queued", Sent = "sent", Delivered = "delivered", Bounced = "bounced", Complained = "complained",
        Suppressed = "suppressed", Failed = "failed", Skipped = "skipped",
    }
}

text_enum! {
    /// What an address gets no more of.
    SuppressionScope { All = "all", Reminders = "reminders" }
}

text_enum! {
    /// Why an address gets nothing more.
    SuppressionReason { Bounced = "bounced", Complained = "complained", Unsubscribed = "unsubscribed" }
}

/// What happened to a mail after a relay took it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryNews {
    Delivered,
    /// It cannot be delivered, as the receiving side says in its status code (RFC 3463).
    Bounced {
        detail: String,
    },
    /// The person marked it as unwanted.
    Complained,
}

impl DeliveryNews {
    /// The state it leads to, if a mail in this state can still learn of it: what is known for worse stays.
    pub fn leads_to(&self, now: MailStatus) -> Option<MailStatus> {
        use MailStatus::{Bounced, Complained, Delivered, Sent};
        match (self, now) {
            (Self::Delivered, Sent) => Some(Delivered),
            (Self::Bounced { .. }, Sent | Delivered) => Some(Bounced),
            (Self::Complained, Sent | Delivered | Bounced) => Some(Complained),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_only_ever_get_worse() {
        let bounced = DeliveryNews::Bounced {
            detail: String::new(),
        };
        for now in MailStatus::ALL.iter().copied() {
            let sent = now == MailStatus::Sent;
            assert_eq!(DeliveryNews::Delivered.leads_to(now).is_some(), sent);
            let there = sent || now == MailStatus::Delivered;
            assert_eq!(bounced.leads_to(now).is_some(), there, "{now}");
            let complains = there || now == MailStatus::Bounced;
            assert_eq!(DeliveryNews::Complained.leads_to(now).is_some(), complains);
        }
    }
}
