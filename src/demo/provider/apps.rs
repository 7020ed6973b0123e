use serde::Serialize;

/// An app that the sample provider gives access to. Its client registrations are [`super::Client`]s.
#[derive(Debug, Serialize)]
pub struct SampleApp {
    pub slug: &'static str,
    pub name: &'static str,
    pub tagline: &'static str,
    /// Stands in for a logo.
    pub letter: &'static str,
    pub scopes: &'static [Scope],
    #[serde(flatten)]
    accent: Accent,
}

/// A permission and how the consent screen puts it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Scope {
    pub id: &'static str,
    pub label: &'static str,
}

/// Someone who is signed in at the sample provider.
#[derive(Debug, Serialize)]
pub struct Account {
    pub sub: &'static str,
    pub name: &'static str,
    pub email: &'static str,
    pub initials: &'static str,
}

/// The app's colour on light and on dark ground, each with a text colour that reads on it (WCAG AA).
#[derive(Debug, Serialize)]
struct Accent {
    accent: &'static str,
    on_accent: &'static str,
    accent_dark: &'static str,
    on_accent_dark: &'static str,
}

impl SampleApp {
    pub fn by_slug(slug: &str) -> Option<&'static Self> {
        APPS.iter().find(|app| app.slug == slug)
    }

    pub fn scope(&self, id: &str) -> Option<&'static Scope> {
        self.scopes
            .iter()
            .chain(EVERYWHERE)
            .find(|scope| scope.id == id)
    }
}

impl Account {
    pub fn by_sub(sub: &str) -> Option<&'static Self> {
        ACCOUNTS.iter().find(|account| account.sub == sub)
    }
}

/// Every scope of every app, for the metadata document.
pub fn scopes() -> impl Iterator<Item = &'static Scope> {
    APPS.iter().flat_map(|app| app.scopes).chain(EVERYWHERE)
}

pub static APPS: &[SampleApp] = &[
    SampleApp {
        slug: "acme-crm",
        name: "Acme CRM",
        tagline: "Contacts and deals",
        letter: "A",
        scopes: &[
            Scope {
                id: "contacts.read",
                label: "See your contacts and the companies they work for",
            },
            Scope {
                id: "contacts.write",
                label: "Add contacts and change the ones you have",
            },
            Scope {
                id: "deals.read",
                label: "See your deals and what they are worth",
            },
        ],
        accent: Accent {
            accent: "#b23a0e",
            on_accent: "#ffffff",
            accent_dark: "#ff9b73",
            on_accent_dark: "#2b0d02",
        },
    },
    SampleApp {
        slug: "sheetly",
        name: "Sheetly",
        tagline: "Spreadsheets for teams",
        letter: "S",
        scopes: &[
            Scope {
                id: "sheets.read",
                label: "See the spreadsheets you can open",
            },
            Scope {
                id: "sheets.write",
                label: "Create spreadsheets and change the ones you can edit",
            },
        ],
        accent: Accent {
            accent: "#0b6b4c",
            on_accent: "#ffffff",
            accent_dark: "#62d3a6",
            on_accent_dark: "#02251a",
        },
    },
];

static EVERYWHERE: &[Scope] = &[
    Scope {
        id: "profile",
        label: "See your name",
    },
    Scope {
        id: "email",
        label: "See your e-mail address",
    },
    Scope {
        id: "offline_access",
        label: "Stay connected while you are away, until you take it back",
    },
];

pub static ACCOUNTS: &[Account] = &[
    Account {
        sub: "user_1001",
        name: "Jo Park",
        email: "jo@globex.example",
        initials: "JP",
    },
    Account {
        sub: "user_1002",
        name: "Sam Okafor",
        email: "sam@globex.example",
        initials: "SO",
    },
    Account {
        sub: "user_1003",
        name: "Globex Operations",
        email: "ops@globex.example",
        initials: "GO",
    },
];
