//! How a person proves who they are: what they have for that, and the pages where it is used.

use minijinja::{Value, context, value::Serde};
use serde::Serialize;
use time::OffsetDateTime;

use super::{context_of, moment_if};
use crate::language::Phrase;

/// The link of a mail was opened: is it you? Looking spends nothing.
#[derive(Clone, Serialize)]
pub struct ConfirmSignIn {
    pub csrf: String,
    /// POST: signs in.
    pub path: String,
    pub email: String,
}

/// A sign-in that came to nothing.
#[derive(Clone, Serialize)]
pub struct SignInOver {
    pub why: SignInOverWhy,
    pub sign_in_path: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInOverWhy {
    /// The mail's link was used or is too old.
    Link,
    /// The agency's own identity provider did not vouch for anybody of the staff.
    Provider,
}

#[derive(Clone, Serialize)]
pub struct PasswordSignIn {
    pub csrf: String,
    /// POST with `email` and `password`.
    pub path: String,
    /// What was typed before.
    pub email: String,
    /// GET: signs in by mail instead.
    pub other_path: String,
    pub wrong: bool,
}

/// One's own password.
#[derive(Clone, Serialize)]
pub struct Password {
    pub csrf: String,
    /// Of the agency's staff, who have no connections of their own.
    pub staff: bool,
    /// POST with `password`; without one it is taken away.
    pub path: String,
    /// One is set.
    pub has: bool,
    /// Names the text under `slot.error`.
    pub error: Option<&'static str>,
}

/// One's own passkeys.
#[derive(Clone, Serialize)]
pub struct Passkeys {
    pub csrf: String,
    /// Of the agency's staff, who have no connections of their own.
    pub staff: bool,
    /// The address on which a new one will work, and no other.
    pub host: String,
    /// GET: makes one.
    pub new_path: String,
    pub keys: Vec<OwnPasskey>,
}

#[derive(Clone, Serialize)]
pub struct OwnPasskey {
    pub name: String,
    pub host: String,
    #[serde(serialize_with = "moment_if")]
    pub last_used_at: Option<OffsetDateTime>,
    /// POST: forgets it.
    pub remove_path: String,
}

/// An authenticator is set up.
#[derive(Clone, Serialize)]
pub struct SecondStep {
    pub csrf: String,
    /// Of the agency's staff, who have no connections of their own.
    pub staff: bool,
    /// The backup codes that have just been made, shown this once.
    pub codes: Vec<String>,
    /// They took the place of others.
    pub renewed: bool,
    /// How many backup codes still work.
    pub left: usize,
    /// POST with `code`: makes new backup codes.
    pub renew_path: String,
    /// POST with `code`: takes it away.
    pub remove_path: String,
    /// Of the code for new backup codes.
    pub error: Option<&'static str>,
    /// Of the code that takes it away.
    pub remove_error: Option<&'static str>,
}

context_of!(
    ConfirmSignIn,
    |_| Phrase::new("pages.confirm_sign_in.title"),
    |page| context! { email => &page.email }
);
context_of!(
    SignInOver,
    |_| Phrase::new("pages.sign_in_over.title"),
    |page| context! { why => Value::from(Serde(page.why)) }
);
context_of!(
    PasswordSignIn,
    |_| Phrase::new("pages.password_sign_in.title"),
    |page| context! { wrong => page.wrong }
);
context_of!(
    Password,
    |_| Phrase::new("pages.password.title"),
    |page| context! { has => page.has, wrong => page.error.is_some() }
);
context_of!(
    Passkeys,
    |_| Phrase::new("pages.passkeys.title"),
    |page| context! { host => &page.host, keys => page.keys.len() }
);
context_of!(
    SecondStep,
    |page| Phrase::new(if page.renewed {
        "pages.second_step.renewed_title"
    } else if page.codes.is_empty() {
        "pages.second_step.title"
    } else {
        "pages.second_step.done_title"
    }),
    |page| context! {
        done => !page.codes.is_empty(), renewed => page.renewed, wrong => page.error.is_some(),
    }
);
