use axum::extract::State;
use latchkey_tenants::{
    ActionError,
    catalogue::{App, ClientAuth, ExplicitApp, LintFinding, MetadataError, Scope},
    values::{Name, Slug},
};
use serde::Serialize;
use url::Url;

use super::{path_of, view::METHODS};
use crate::{
    console::{Desk, Typed, done, refusal},
    http::{PageResult, Query},
    oauth::{DiscoveryError, discover},
    person::{Manage, Sent},
    platform::Platform,
};

const TEMPLATE: &str = "apps/new.html";
const TITLE: &str = "An app of your own";
/// Of one app.
const MOST_SCOPES: usize = 100;

#[derive(Default, Serialize)]
struct NewApp {
    name: Typed,
    slug: Typed,
    issuer: Typed,
    authorize: Typed,
    token: Typed,
    revoke: Typed,
    userinfo: Typed,
    scopes: Typed,
    method: String,
    methods: Vec<(&'static str, &'static str)>,
    /// What is about no single field.
    problem: Option<String>,
}

/// `GET /dashboard/apps/new`: a provider that the catalogue does not know.
pub(super) async fn ask(desk: Desk<Manage>) -> PageResult {
    let page = NewApp {
        methods: methods(),
        ..NewApp::default()
    };
    Ok(desk.show(TEMPLATE, TITLE, page))
}

/// `POST /dashboard/apps/new`.
pub(super) async fn add(State(platform): State<Platform>, sent: Sent<Desk<Manage>>) -> PageResult {
    let desk = sent.by;
    let mut form = NewApp::of(&sent.fields);
    let Some(app) = form.app(&platform).await else {
        return Ok(desk.refuse(TEMPLATE, TITLE, form));
    };
    let mut tx = desk.begin().await?;
    if let Err(error) = tx.app_create(&app, &desk.actor()).await {
        let taken = matches!(&error, ActionError::Conflict { .. });
        let words = refusal(error)?;
        match taken {
            true => form.slug.error = Some(words),
            false => form.problem = Some(words),
        }
        return Ok(desk.refuse(TEMPLATE, TITLE, form));
    }
    desk.commit(tx).await?;
    let text = format!(
        "{} is described. Now register an OAuth client there.",
        app.name
    );
    Ok(done(&path_of(&app.slug), &text))
}

fn methods() -> Vec<(&'static str, &'static str)> {
    let chosen = METHODS.iter().filter(|(_, auth, _)| auth.is_some());
    chosen.map(|(name, _, label)| (*name, *label)).collect()
}

impl NewApp {
    fn of(fields: &Query) -> Self {
        let typed = |name| Typed::of(fields, name);
        Self {
            name: typed("name"),
            slug: typed("slug"),
            issuer: typed("issuer"),
            authorize: typed("authorize"),
            token: typed("token"),
            revoke: typed("revoke"),
            userinfo: typed("userinfo"),
            scopes: typed("scopes"),
            method: fields.typed("method").to_owned(),
            methods: methods(),
            problem: None,
        }
    }

    /// None: something is wrong, and stands beside its field.
    async fn app(&mut self, platform: &Platform) -> Option<App> {
        let (name, slug) = (self.name.read::<Name>(), self.slug.read::<Slug>());
        let scopes = self.read_scopes();
        if self.issuer.value.is_empty() {
            return self.explicit(platform, name?, slug?, scopes?);
        }
        let issuer = self.issuer.read::<Url>();
        let app = discover(platform, &slug?, &name?, &issuer?, scopes?).await;
        match app {
            Ok(app) => Some(app),
            Err(DiscoveryError::Metadata(MetadataError::Lint(findings))) => {
                self.blame(&findings);
                None
            }
            Err(error) => {
                let why = format!("what the issuer publishes cannot be used: {error}");
                self.issuer.refuse(&why);
                None
            }
        }
    }

    fn explicit(
        &mut self,
        platform: &Platform,
        name: Name,
        slug: Slug,
        scopes: Vec<Scope>,
    ) -> Option<App> {
        if self.authorize.value.is_empty() && self.token.value.is_empty() {
            let why = "type an issuer, or the two addresses below";
            self.issuer.refuse(why);
            return None;
        }
        let any = |typed: &Typed| Some(typed.value.clone()).filter(|text| !text.is_empty());
        let method = METHODS.iter().find(|(name, _, _)| *name == self.method);
        let explicit = ExplicitApp {
            slug: slug.to_string(),
            name: name.to_string(),
            authorization_endpoint: self.authorize.value.clone(),
            token_endpoint: self.token.value.clone(),
            revocation_endpoint: any(&self.revoke),
            userinfo_endpoint: any(&self.userinfo),
            scopes,
            token_endpoint_auth_method: method
                .and_then(|(_, auth, _)| *auth)
                .unwrap_or(ClientAuth::Post),
            ..ExplicitApp::default()
        };
        let allow_http = platform.egress.policy().allow_loopback;
        match App::from_explicit(explicit, allow_http) {
            Ok(app) => Some(app),
            Err(findings) => {
                self.blame(&findings);
                None
            }
        }
    }

    /// One a line: the id, and after it what a client reads.
    fn read_scopes(&mut self) -> Option<Vec<Scope>> {
        let lines = self.scopes.value.lines().map(str::trim);
        let scopes: Vec<Scope> = lines
            .filter(|line| !line.is_empty())
            .map(|line| {
                let (id, label) = line.split_once(char::is_whitespace).unwrap_or((line, line));
                Scope {
                    id: id.to_owned(),
                    label: label.trim().to_owned(),
                }
            })
            .collect();
        if scopes.len() > MOST_SCOPES {
            let why = format!("at most {MOST_SCOPES} permissions are expected");
            self.scopes.refuse(&why);
            return None;
        }
        Some(scopes)
    }

    /// What the lint found stands beside the field that it is about.
    fn blame(&mut self, findings: &[LintFinding]) {
        for finding in findings {
            let part = finding.path.split('.').next().unwrap_or_default();
            let field = match part {
                "name" => &mut self.name,
                "slug" => &mut self.slug,
                "scopes" | "default_scopes" => &mut self.scopes,
                _ if !self.issuer.value.is_empty() => &mut self.issuer,
                "authorize" => &mut self.authorize,
                "token" => &mut self.token,
                "revoke" => &mut self.revoke,
                "probe" => &mut self.userinfo,
                _ => {
                    self.problem = Some(finding.to_string());
                    continue;
                }
            };
            field.refuse(&finding.problem);
        }
    }
}
