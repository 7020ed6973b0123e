//! Who is signed in, as arguments of handlers: what a handler needs stands in its argument list.
//!
//! The audience is decided here, on the server, at every request: `/dashboard` for staff, `/portal` for clients.

mod next;

use std::marker::PhantomData;

use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use latchkey_tenants::{
    Capability, Member, Role, StoreError,
    store::{Session, SessionStage},
};
use secrecy::SecretString;

use crate::{
    http::{Files, Form, PageError, Query, Site, Upload, cookie, csrf_token},
    limits::Limited,
    platform::Platform,
};

pub(crate) use next::Next;

pub(crate) const SESSION_COOKIE: &str = "__Host-session";
pub(crate) const STAFF_HOME: &str = "/dashboard";
pub(crate) const CLIENT_HOME: &str = "/portal";
pub(crate) const SIGN_IN: &str = "/sign-in";
pub(crate) const SIGNED_OUT: &str = "/sign-out";
pub(crate) const SECOND_FACTOR: &str = "/sign-in/totp";
pub(crate) const ENROL: &str = "/account/totp";

/// Somebody of this agency, signed in on this host; staff or client.
pub(crate) struct Person {
    pub site: Site,
    pub session: Session,
    pub secret: SecretString,
}

/// Staff whose role lets them do `C`.
pub(crate) struct Staff<C> {
    pub person: Person,
    capability: PhantomData<fn() -> C>,
}

/// A portal member.
pub(crate) struct Client {
    pub person: Person,
}

/// A form that such a person sent from a page of theirs.
pub(crate) struct Sent<P> {
    pub by: P,
    pub fields: Query,
}

/// As [`Sent`], a form with files.
pub(crate) struct Uploaded<P> {
    pub by: P,
    pub fields: Query,
    pub files: Files,
}

/// What a handler needs of staff, as a type.
pub(crate) trait Needs {
    const CAPABILITY: Capability;
}

/// Any of the staff.
pub(crate) struct Work;

impl Needs for Work {
    const CAPABILITY: Capability = Capability::Work;
}

/// Those who look after brand, domains, people and keys.
pub(crate) struct Manage;

impl Needs for Manage {
    const CAPABILITY: Capability = Capability::Manage;
}

/// The owner.
pub(crate) struct Own;

impl Needs for Own {
    const CAPABILITY: Capability = Capability::Own;
}

/// The living session behind the browser's cookie on this host, whatever its stage.
pub(crate) async fn session_of(
    platform: &Platform,
    site: &Site,
    headers: &HeaderMap,
) -> Result<Option<(Session, SecretString)>, StoreError> {
    let Some(secret) = cookie(headers, SESSION_COOKIE) else {
        return Ok(None);
    };
    let mut tx = platform.store.read(&site.agency.id).await?;
    let found = tx.session(&secret).await?;
    drop(tx);
    Ok(found
        .filter(|session| session.host == site.host)
        .map(|session| (session, secret)))
}

/// Where somebody of this role belongs.
pub(crate) fn home(role: Role) -> &'static str {
    if role.is_staff() {
        STAFF_HOME
    } else {
        CLIENT_HOME
    }
}

pub(crate) fn see_other(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(path) = HeaderValue::from_str(path) {
        response.headers_mut().insert(header::LOCATION, path);
    }
    response
}

impl Person {
    pub fn member(&self) -> &Member {
        &self.session.member
    }

    /// For the forms of this person's pages.
    pub fn csrf(&self) -> String {
        csrf_token(&self.secret)
    }

    async fn of(parts: &mut Parts, platform: &Platform, enrolling: bool) -> Result<Self, Response> {
        let page = |error: PageError| error.into_response();
        let site = Site::from_request_parts(parts, platform)
            .await
            .map_err(page)?;
        let found = session_of(platform, &site, &parts.headers).await;
        let Some((session, secret)) = found.map_err(|error| page(error.into()))? else {
            return Err(Next::remember(parts, see_other(SIGN_IN)));
        };
        if session.stage == SessionStage::SecondFactor {
            return Err(see_other(SECOND_FACTOR));
        }
        if session.must_enrol && !enrolling {
            return Err(see_other(ENROL));
        }
        let person = Self {
            site: speaking(site, &session.member),
            session,
            secret,
        };
        person
            .touch(platform)
            .await
            .map_err(|error| page(error.into()))?;
        Ok(person)
    }

    async fn touch(&self, platform: &Platform) -> Result<(), StoreError> {
        if !self.session.touch_due {
            return Ok(());
        }
        let mut tx = platform.store.begin(&self.site.agency.id).await?;
        tx.session_touch(&self.session).await?;
        tx.commit().await
    }

    fn check_form(&self, platform: &Platform, form: &Form) -> Result<(), PageError> {
        form.check_token(&self.secret)?;
        platform
            .limits
            .check(Limited::Act(&self.session.hash))
            .map_err(PageError::limited)
    }
}

/// The language that they chose.
fn speaking(mut site: Site, member: &Member) -> Site {
    let chosen = member.locale.as_deref();
    if let Some(chosen) = chosen.filter(|chosen| site.theme.theme.speaks(chosen)) {
        site.locale = chosen.to_owned();
    }
    site
}

/// Who may still have to set up a second factor, on the pages where that is done.
pub(crate) struct Enrolling {
    pub person: Person,
}

impl FromRequestParts<Platform> for Person {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, platform: &Platform) -> Result<Self, Response> {
        Self::of(parts, platform, false).await
    }
}

impl FromRequestParts<Platform> for Enrolling {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, platform: &Platform) -> Result<Self, Response> {
        let person = Person::of(parts, platform, true).await?;
        Ok(Self { person })
    }
}

impl<C: Needs> FromRequestParts<Platform> for Staff<C> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, platform: &Platform) -> Result<Self, Response> {
        let person = Person::of(parts, platform, false).await?;
        let role = person.member().role;
        if !role.is_staff() {
            return Err(other_door(parts, role));
        }
        if !role.can(C::CAPABILITY) {
            return Err(PageError::not_allowed().into_response());
        }
        Ok(Self {
            person,
            capability: PhantomData,
        })
    }
}

impl FromRequestParts<Platform> for Client {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, platform: &Platform) -> Result<Self, Response> {
        let person = Person::of(parts, platform, false).await?;
        let role = person.member().role;
        if role.is_staff() {
            return Err(other_door(parts, role));
        }
        Ok(Self { person })
    }
}

/// Who looks is shown to their own door; a form that is not theirs is refused.
fn other_door(parts: &Parts, role: Role) -> Response {
    if parts.method == Method::GET || parts.method == Method::HEAD {
        see_other(home(role))
    } else {
        PageError::not_allowed().into_response()
    }
}

/// Kinds of people whose forms can be checked.
pub(crate) trait Known {
    fn person(&self) -> &Person;
}

impl Known for Person {
    fn person(&self) -> &Person {
        self
    }
}

impl Known for Client {
    fn person(&self) -> &Person {
        &self.person
    }
}

impl Known for Enrolling {
    fn person(&self) -> &Person {
        &self.person
    }
}

/// Who sent a request, and its body with a form that was checked to be theirs.
async fn sent_by<P, B>(
    request: Request,
    platform: &Platform,
    form: impl FnOnce(&B) -> &Form,
) -> Result<(P, B), Response>
where
    P: Known + FromRequestParts<Platform, Rejection = Response>,
    B: FromRequest<Platform, Rejection = PageError>,
{
    let (mut parts, body) = request.into_parts();
    let by = P::from_request_parts(&mut parts, platform).await?;
    let body = B::from_request(Request::from_parts(parts, body), platform)
        .await
        .map_err(IntoResponse::into_response)?;
    by.person()
        .check_form(platform, form(&body))
        .map_err(IntoResponse::into_response)?;
    Ok((by, body))
}

impl<P> FromRequest<Platform> for Sent<P>
where
    P: Known + FromRequestParts<Platform, Rejection = Response> + Send,
{
    type Rejection = Response;

    async fn from_request(request: Request, platform: &Platform) -> Result<Self, Response> {
        let (by, form) = sent_by(request, platform, |form: &Form| form).await?;
        Ok(Self {
            by,
            fields: form.fields,
        })
    }
}

impl<P> FromRequest<Platform> for Uploaded<P>
where
    P: Known + FromRequestParts<Platform, Rejection = Response> + Send,
{
    type Rejection = Response;

    async fn from_request(request: Request, platform: &Platform) -> Result<Self, Response> {
        let (by, upload) = sent_by(request, platform, |upload: &Upload| &upload.form).await?;
        Ok(Self {
            by,
            fields: upload.form.fields,
            files: upload.files,
        })
    }
}
