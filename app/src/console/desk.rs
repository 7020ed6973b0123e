use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode, request::Parts};
use latchkey_tenants::{AgencyId, Capability, Member, StoreError, Timestamp, Tx};
use latchkey_themes::Theme;
use minijinja::{Value, context};
use serde::Serialize;

use super::{
    assets::{SCRIPT, STYLE},
    environment::ENVIRONMENT,
    nav::nav,
    note::{Note, brought, forget},
};
use crate::{
    failure::chain,
    http::{Policy, dress},
    person::{Known, Needs, Person, Staff},
    platform::Platform,
};

/// Staff at a page of the console: who they are, and how a page is made for them. What `C` needs, their role may.
pub(crate) struct Desk<C> {
    staff: Staff<C>,
    platform: Platform,
    path: String,
    note: Option<Note>,
    frames: Vec<String>,
}

impl<C> Desk<C> {
    pub fn person(&self) -> &Person {
        &self.staff.person
    }

    pub fn member(&self) -> &Member {
        self.person().member()
    }

    /// As the audit log names them.
    pub fn actor(&self) -> String {
        self.member().actor()
    }

    pub fn agency(&self) -> &AgencyId {
        &self.person().site.agency.id
    }

    pub fn may(&self, what: Capability) -> bool {
        self.member().role.can(what)
    }

    pub async fn read(&self) -> Result<Tx, StoreError> {
        self.platform.store.read(self.agency()).await
    }

    /// End it with [`Desk::commit`].
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        self.platform.store.begin(self.agency()).await
    }

    /// Whoever waits for news of the agency hears of it.
    pub async fn commit(&self, tx: Tx) -> Result<(), StoreError> {
        tx.commit().await?;
        self.platform.changed(self.agency());
        Ok(())
    }

    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    pub fn now(&self) -> Timestamp {
        self.platform.now()
    }

    /// Lets pages of this origin stand in frames of the page.
    #[must_use]
    pub fn framing(mut self, origin: String) -> Self {
        self.frames.push(origin);
        self
    }

    /// A page. The template sees the fields of `page` as `page`, and what `layout.html` needs.
    pub fn show(&self, template: &str, title: &str, page: impl Serialize) -> Response {
        self.answer(StatusCode::OK, template, title, page)
    }

    /// The form again, as it was typed, with what is wrong beside it.
    pub fn refuse(&self, template: &str, title: &str, page: impl Serialize) -> Response {
        self.answer(StatusCode::UNPROCESSABLE_ENTITY, template, title, page)
    }

    fn answer(
        &self,
        status: StatusCode,
        template: &str,
        title: &str,
        page: impl Serialize,
    ) -> Response {
        let nonce = self.platform.entropy.short_token();
        let html = ENVIRONMENT.get_template(template).and_then(|template| {
            let page = Value::from(minijinja::value::Serde(&page));
            template.render(context! { page, title, ..self.frame(&nonce) })
        });
        let html = match html {
            Ok(html) => html,
            Err(error) => {
                tracing::error!(error = %chain(&error), template, "a page of the console could not be rendered");
                let words = "This page cannot be shown right now. Please try again.";
                return (StatusCode::INTERNAL_SERVER_ERROR, words).into_response();
            }
        };
        let mut response = dress(status, html, &Policy::console(&nonce, &self.frames));
        if self.note.is_some() {
            forget(&mut response);
        }
        response
    }

    fn frame(&self, nonce: &str) -> Value {
        let person = self.person();
        let (brand, member) = (&person.site.brand, self.member());
        let name = member.name.as_ref().map(ToString::to_string);
        context! {
            nonce,
            style => &STYLE.path, script => &SCRIPT.path,
            colors => Theme::base().brand_css(brand),
            agency => context! { name => &brand.name, initial => brand.initial() },
            me => context! {
                name => name, email => member.email.to_string(), role => member.role.as_str(),
                manages => self.may(Capability::Manage), owns => self.may(Capability::Own),
            },
            nav => Value::from(minijinja::value::Serde(&nav(member.role, &self.path))),
            note => self.note.as_ref().map(|note| context! { tone => note.tone, text => &note.text }),
            csrf => person.csrf(),
            zone => &person.site.agency.time_zone,
        }
    }
}

impl<C> Known for Desk<C> {
    fn person(&self) -> &Person {
        &self.staff.person
    }
}

impl<C: Needs> FromRequestParts<Platform> for Desk<C> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, platform: &Platform) -> Result<Self, Response> {
        let staff = Staff::from_request_parts(parts, platform).await?;
        let shows = parts.method == Method::GET;
        Ok(Self {
            staff,
            platform: platform.clone(),
            path: parts.uri.path().to_owned(),
            note: shows.then(|| brought(&parts.headers)).flatten(),
            frames: Vec::new(),
        })
    }
}
