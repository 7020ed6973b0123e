use super::{ARABIC, LONG, Samples, hostile, page, words};
use crate::mail::{
    AllConnectedMail, AppFailedMail, AppFault, AtProvider, DomainDriftedMail, DomainFault,
    DomainLiveMail, MailUndeliverableMail, ReconnectNeededMail, RevokedMail,
};

impl AllConnectedMail {
    pub(crate) fn samples() -> Samples<AllConnectedMail> {
        let plain = AllConnectedMail {
            client: "Jo Park".into(),
            workspace: "Globex".into(),
            apps: words(&["Slack", "Google Drive", "HubSpot"]),
            workflows: words(&["Weekly report", "Lead sync"]),
            console_url: page("dashboard/requests/req_01sample"),
        };
        let bare = AllConnectedMail {
            apps: words(&["Slack"]),
            workflows: Vec::new(),
            ..plain.clone()
        };
        let bidi = AllConnectedMail {
            client: "ليلى حداد".into(),
            workspace: ARABIC.into(),
            workflows: words(&["التقرير الأسبوعي"]),
            ..plain.clone()
        };
        let hostile = AllConnectedMail {
            client: hostile(),
            workspace: hostile(),
            apps: vec![hostile()],
            workflows: vec![hostile()],
            ..plain.clone()
        };
        vec![
            ("plain", plain),
            ("bare", bare),
            ("bidi", bidi),
            ("hostile", hostile),
        ]
    }
}

impl AppFailedMail {
    pub(crate) fn samples() -> Samples<AppFailedMail> {
        let plain = AppFailedMail {
            app: "HubSpot".into(),
            client: "Kim Lee".into(),
            workspace: "Initech".into(),
            fault: AppFault::Refused,
            redirect_uri: page("oauth/callback/3f9c2a7d51e84b06a1c7"),
            console_url: page("dashboard/apps/hubspot"),
        };
        let bare = AppFailedMail {
            client: LONG.into(),
            fault: AppFault::NoClient,
            redirect_uri: String::new(),
            ..plain.clone()
        };
        let moved = AppFailedMail {
            fault: AppFault::HostGone,
            ..plain.clone()
        };
        let hostile = AppFailedMail {
            app: hostile(),
            client: hostile(),
            workspace: hostile(),
            redirect_uri: hostile(),
            ..plain.clone()
        };
        vec![
            ("plain", plain),
            ("bare", bare),
            ("moved", moved),
            ("hostile", hostile),
        ]
    }
}

impl ReconnectNeededMail {
    pub(crate) fn samples() -> Samples<ReconnectNeededMail> {
        let plain = ReconnectNeededMail {
            app: "Slack".into(),
            account: Some("globex.slack.com".into()),
            workspace: "Globex".into(),
            workflows: words(&["Weekly report"]),
            code: None,
            console_url: page("dashboard/connections/con_01sample"),
        };
        let bare = ReconnectNeededMail {
            account: None,
            workflows: Vec::new(),
            code: Some("invalid_client".into()),
            ..plain.clone()
        };
        let hostile = ReconnectNeededMail {
            app: hostile(),
            account: Some(hostile()),
            workspace: hostile(),
            workflows: vec![hostile(), hostile()],
            code: Some(hostile()),
            ..plain.clone()
        };
        vec![("plain", plain), ("bare", bare), ("hostile", hostile)]
    }
}

impl RevokedMail {
    pub(crate) fn samples() -> Samples<RevokedMail> {
        let by_client = RevokedMail {
            app: "Slack".into(),
            account: Some("globex.slack.com".into()),
            workspace: "Globex".into(),
            by: Some("Jo Park".into()),
            at_provider: AtProvider::Revoked,
            workflows: words(&["Weekly report", "Lead sync"]),
            console_url: page("dashboard/connections/con_01sample"),
        };
        let unsupported = RevokedMail {
            at_provider: AtProvider::Unsupported,
            ..by_client.clone()
        };
        let failed = RevokedMail {
            at_provider: AtProvider::Failed,
            account: None,
            workflows: Vec::new(),
            ..by_client.clone()
        };
        let at_the_app = RevokedMail {
            by: None,
            ..by_client.clone()
        };
        let hostile = RevokedMail {
            app: hostile(),
            account: Some(hostile()),
            workspace: hostile(),
            by: Some(hostile()),
            workflows: vec![hostile()],
            ..by_client.clone()
        };
        vec![
            ("by_client", by_client),
            ("unsupported", unsupported),
            ("failed", failed),
            ("at_the_app", at_the_app),
            ("hostile", hostile),
        ]
    }
}

impl MailUndeliverableMail {
    pub(crate) fn samples() -> Samples<MailUndeliverableMail> {
        let plain = MailUndeliverableMail {
            client: "Jo Park".into(),
            address: "jo@globex.example".into(),
            apps: words(&["Slack", "HubSpot"]),
            reason: Some("550 5.1.1 No such user here".into()),
            console_url: page("dashboard/requests/req_01sample"),
        };
        let bare = MailUndeliverableMail {
            client: "jo@globex.example".into(),
            apps: words(&["Slack"]),
            reason: None,
            ..plain.clone()
        };
        let hostile = MailUndeliverableMail {
            client: hostile(),
            address: hostile(),
            apps: vec![hostile()],
            reason: Some(hostile()),
            ..plain.clone()
        };
        vec![("plain", plain), ("bare", bare), ("hostile", hostile)]
    }
}

impl DomainLiveMail {
    pub(crate) fn samples() -> Samples<DomainLiveMail> {
        let plain = DomainLiveMail {
            host: "connect.northwind.example".into(),
            console_url: page("dashboard/domains/dom_01sample"),
        };
        let hostile = DomainLiveMail {
            host: hostile(),
            ..plain.clone()
        };
        vec![("plain", plain), ("hostile", hostile)]
    }
}

impl DomainDriftedMail {
    pub(crate) fn samples() -> Samples<DomainDriftedMail> {
        let plain = DomainDriftedMail {
            host: "connect.northwind.example".into(),
            fault: DomainFault::NoRecord,
            console_url: page("dashboard/domains/dom_01sample"),
        };
        let elsewhere = DomainDriftedMail {
            fault: DomainFault::Elsewhere,
            ..plain.clone()
        };
        let unreadable = DomainDriftedMail {
            fault: DomainFault::Unreadable,
            ..plain.clone()
        };
        let hostile = DomainDriftedMail {
            host: hostile(),
            ..plain.clone()
        };
        vec![
            ("plain", plain),
            ("elsewhere", elsewhere),
            ("unreadable", unreadable),
            ("hostile", hostile),
        ]
    }
}
