use latchkey_tenants::{
    store::{IdentityProvider, NewIdentityProvider},
    values::Opaque,
};
use secrecy::SecretString;
use serde::Serialize;

use super::PATH as PEOPLE;
use crate::{
    console::{Desk, done, told, typed::Typed},
    http::{PageError, PageResult, Query},
    person::{Manage, Sent},
    sign_in::{check_issuer, redirect_uris},
};

pub(super) const PATH: &str = "/dashboard/people/provider";
const TEMPLATE: &str = "people/provider.html";
const TITLE: &str = "Sign-in at your own provider";
/// Longer ones are no secrets of any provider.
const LONGEST_SECRET: usize = 2000;

#[derive(Serialize)]
struct Provider {
    issuer: Typed,
    client_id: Typed,
    /// Never shown; only what is wrong with it.
    secret: Typed,
    stored: bool,
    /// To register at the provider, as soon as something is stored.
    redirect_uris: Vec<String>,
}

impl Provider {
    async fn of(
        desk: &Desk<Manage>,
        fields: Option<&Query>,
    ) -> Result<(Self, Option<IdentityProvider>), PageError> {
        let mut tx = desk.read().await?;
        let (known, agency) = (tx.identity_provider().await?, tx.agency_itself().await?);
        drop(tx);
        let field = |name: &str, stored: Option<&String>| match fields {
            Some(fields) => Typed::of(fields, name),
            None => Typed::holding(stored.cloned().unwrap_or_default()),
        };
        let urls = &desk.platform().urls;
        let page = Self {
            issuer: field("issuer", known.as_ref().map(|known| &known.issuer)),
            client_id: field("client_id", known.as_ref().map(|known| &known.client_id)),
            secret: Typed::default(),
            stored: known.is_some(),
            redirect_uris: known
                .as_ref()
                .map_or_else(Vec::new, |known| redirect_uris(urls, &agency, &known.ctx)),
        };
        Ok((page, known))
    }

    /// The secret that was typed, or the one that is kept.
    fn secret(&mut self, typed: &str, known: Option<IdentityProvider>) -> Option<SecretString> {
        let printable = |byte: u8| (b' '..=b'~').contains(&byte);
        match (typed, known) {
            ("", Some(known)) => Some(known.client_secret),
            ("", None) => {
                self.secret
                    .refuse("the provider shows it beside the client id");
                None
            }
            (typed, _) if typed.len() <= LONGEST_SECRET && typed.bytes().all(printable) => {
                Some(SecretString::from(typed))
            }
            _ => {
                self.secret
                    .refuse("a secret is one line of plain letters and signs");
                None
            }
        }
    }
}

/// `GET /dashboard/people/provider`.
pub(super) async fn show(desk: Desk<Manage>) -> PageResult {
    let (page, _) = Provider::of(&desk, None).await?;
    Ok(desk.show(TEMPLATE, TITLE, page))
}

/// `POST /dashboard/people/provider`: stored once its metadata says that people can sign in there.
pub(super) async fn store(Sent { by: desk, fields }: Sent<Desk<Manage>>) -> PageResult {
    let (mut page, known) = Provider::of(&desk, Some(&fields)).await?;
    let client_id = page.client_id.read::<Opaque>();
    let secret = page.secret(fields.typed("client_secret"), known);
    let issuer = match check_issuer(desk.platform(), &page.issuer.value).await {
        Ok(issuer) => Some(issuer),
        Err(why) => {
            page.issuer.refuse(&why);
            None
        }
    };
    let (Some(issuer), Some(client_id), Some(secret)) = (issuer, client_id, secret) else {
        return Ok(desk.refuse(TEMPLATE, TITLE, page));
    };
    let mut tx = desk.begin().await?;
    let new = NewIdentityProvider {
        issuer: &issuer,
        client_id: client_id.as_str(),
        client_secret: &secret,
    };
    tx.identity_provider_put(new, &desk.actor()).await?;
    desk.commit(tx).await?;
    let text = "Stored. Now register the redirect addresses below at the provider.";
    Ok(done(PATH, text))
}

/// `POST /dashboard/people/provider/remove`.
pub(super) async fn remove(Sent { by: desk, .. }: Sent<Desk<Manage>>) -> PageResult {
    let mut tx = desk.begin().await?;
    let outcome = tx.identity_provider_remove(&desk.actor()).await;
    if outcome.is_ok() {
        desk.commit(tx).await?;
    }
    told(PEOPLE, outcome, "Staff do not sign in there any more.")
}
