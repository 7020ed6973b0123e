//! Signing in, out and up.

use minijinja::context;
use serde::Serialize;
use time::OffsetDateTime;

use super::{context_of, moment, moment_if};
use crate::language::Phrase;

/// Who are you? An address is enough; other ways stand below it where there are any.
#[derive(Clone, Serialize)]
pub struct SignIn {
    pub csrf: String,
    /// POST with `email`.
    pub path: String,
    /// What was typed before.
    pub email: String,
    /// Names the text under `slot.error`.
    pub error: Option<&'static str>,
    /// GET: signs in with a passkey instead.
    pub passkey_path: Option<String>,
    /// GET: signs in with a password instead.
    pub password_path: Option<String>,
    pub identity_provider: Option<IdentityProvider>,
}

/// The agency's own sign-in.
#[derive(Clone, Serialize)]
pub struct IdentityProvider {
    pub name: String,
    pub path: String,
}

/// A link and a code are on their way by mail.
#[derive(Clone, Serialize)]
pub struct CheckMail {
    pub csrf: String,
    pub email: String,
    /// POST with `code`.
    pub path: String,
    /// POST: sends both once more.
    pub again_path: String,
    /// GET: another address.
    pub back_path: String,
    pub error: Option<&'static str>,
    /// They were sent a second time just now.
    pub again: bool,
}

/// A passkey is used or made. Needs a script, so there is always another way.
#[derive(Clone, Serialize)]
pub struct Passkey {
    pub csrf: String,
    /// POST with the browser's answer.
    pub path: String,
    /// What the browser is asked, as JSON.
    pub options: String,
    pub other_path: String,
    /// A new one is made.
    pub enrol: bool,
    pub error: Option<&'static str>,
}

/// The six digits of an authenticator; at sign-in a backup code does as well.
#[derive(Clone, Serialize)]
pub struct Totp {
    pub csrf: String,
    /// POST with `code`.
    pub path: String,
    pub enrol: Option<Enrolment>,
    pub error: Option<&'static str>,
}

/// What an authenticator has to know.
#[derive(Clone, Serialize)]
pub struct Enrolment {
    /// In groups of four letters.
    pub secret: String,
    /// `otpauth://...`
    pub uri: String,
    /// The same to be scanned: the dark modules as the path of an SVG, and how many modules it is wide.
    pub picture: Option<(String, i32)>,
}

/// Somebody was invited.
#[derive(Clone, Serialize)]
pub struct Join {
    pub csrf: String,
    /// POST with `name`.
    pub path: String,
    pub email: String,
    pub name: String,
    pub inviter: Option<String>,
    /// For a client: their engagement. None: they join the agency's staff.
    pub workspace: Option<String>,
    /// Withdrawn, used or too old: nothing can be done here.
    pub over: bool,
    pub error: Option<&'static str>,
    #[serde(serialize_with = "moment")]
    pub expires_at: OffsetDateTime,
}

#[derive(Clone, Serialize)]
pub struct SignedOut {
    pub sign_in_path: String,
    /// Since when, if the session ended by itself.
    #[serde(serialize_with = "moment_if")]
    pub expired_at: Option<OffsetDateTime>,
}

context_of!(
    SignIn,
    |_| Phrase::new("pages.sign_in.title"),
    |page| context! { wrong => page.error.is_some() }
);
context_of!(
    CheckMail,
    |_| Phrase::new("pages.check_mail.title"),
    |page| context! { email => &page.email, wrong => page.error.is_some() }
);
context_of!(
    Passkey,
    |page| Phrase::new(if page.enrol {
        "pages.passkey.enrol_title"
    } else {
        "pages.passkey.title"
    }),
    |page| context! { enrol => page.enrol, wrong => page.error.is_some() }
);
context_of!(
    Totp,
    |page| Phrase::new(if page.enrol.is_some() {
        "pages.totp.enrol_title"
    } else {
        "pages.totp.title"
    }),
    |page| context! { enrol => page.enrol.is_some(), wrong => page.error.is_some() }
);
context_of!(Join, |_| Phrase::new("pages.join.title"), |page| context! {
    inviter => &page.inviter, workspace => &page.workspace, over => page.over,
    expires_at => super::iso(page.expires_at),
});
context_of!(
    SignedOut,
    |_| Phrase::new("pages.signed_out.title"),
    |page| context! { expired => page.expired_at.is_some() }
);
