use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use latchkey_tenants::{
    Member, PasskeyId,
    store::{Ceremony, NewPasskey, Passkey},
    values::Name,
};
use latchkey_themes::{
    Page,
    page::{OwnPasskey, Passkeys},
};
use ring::digest;
use serde_json::json;
use uuid::Uuid;
use webauthn_rs::prelude::{
    CredentialID, Passkey as Credential, PasskeyRegistration, RegisterPublicKeyCredential,
};

use crate::{
    http::{PageError, PageResult, Respond, Segment},
    person::{Person, Sent, see_other},
    platform::Platform,
    sign_in::{begun, browser_name, ended, webauthn},
};

const PATH: &str = "/account/passkeys";
const NEW: &str = "/account/passkeys/new";

/// `GET /account/passkeys`.
pub(super) async fn show(State(platform): State<Platform>, person: Person) -> PageResult {
    let mut tx = platform.store.read(&person.site.agency.id).await?;
    let keys = tx.passkeys_of(&person.member().id).await?;
    drop(tx);
    let page = Page::Passkeys(Passkeys {
        csrf: person.csrf(),
        staff: person.member().role.is_staff(),
        host: person.site.host.clone(),
        new_path: NEW.to_owned(),
        keys: keys.iter().map(own).collect(),
    });
    Ok(Respond::new(&platform, &person.site).page(StatusCode::OK, &page))
}

/// `GET /account/passkeys/new`: asks the browser's authenticator for one.
pub(super) async fn new(State(platform): State<Platform>, person: Person) -> PageResult {
    ask(&platform, &person, None).await
}

/// `POST /account/passkeys/new`: keeps it.
pub(super) async fn add(
    State(platform): State<Platform>,
    headers: HeaderMap,
    sent: Sent<Person>,
) -> PageResult {
    let (site, member) = (&sent.by.site, sent.by.member());
    let state = ended(&platform, site, &headers, Ceremony::PasskeyNew).await?;
    let state = state.and_then(|state| serde_json::from_str::<PasskeyRegistration>(&state).ok());
    let shown = sent.fields.get("answer").unwrap_or_default();
    let shown = serde_json::from_str::<RegisterPublicKeyCredential>(shown).ok();
    let made = state.zip(shown).and_then(|(state, shown)| {
        let known = webauthn(&platform, site).ok()?;
        let credential = known.finish_passkey_registration(&shown, &state).ok()?;
        Some((shown.id, credential))
    });
    let Some((id, credential)) = made else {
        return ask(&platform, &sent.by, Some("passkey")).await;
    };
    let name: Name = browser_name(&headers)
        .parse()
        .map_err(|_| PageError::bad_form())?;
    let mut tx = platform.store.begin(&site.agency.id).await?;
    tx.passkey_add(NewPasskey {
        member,
        host: &site.host,
        credential_id: &id,
        credential: &json!(credential).to_string(),
        name: &name,
    })
    .await?;
    tx.commit().await?;
    Ok(see_other(PATH))
}

async fn ask(platform: &Platform, person: &Person, error: Option<&'static str>) -> PageResult {
    let (site, member) = (&person.site, person.member());
    let mut tx = platform.store.read(&site.agency.id).await?;
    let known = tx.passkeys_of(&member.id).await?;
    drop(tx);
    let known = known.iter().filter(|key| key.host == site.host);
    let known: Vec<CredentialID> = known
        .filter_map(|key| serde_json::from_str::<Credential>(&key.credential).ok())
        .map(|credential| credential.cred_id().clone())
        .collect();
    let shown = member.name.as_ref();
    let shown = shown.map_or(member.email.as_str(), Name::as_str);
    let started = webauthn(platform, site).and_then(|site| {
        site.start_passkey_registration(handle(member), member.email.as_str(), shown, Some(known))
    });
    let (options, state) = started.map_err(PageError::passkey)?;
    let mut options = json!(options);
    // So that it signs in without anybody typing an address.
    options["publicKey"]["authenticatorSelection"]["residentKey"] = json!("required");
    options["publicKey"]["authenticatorSelection"]["requireResidentKey"] = json!(true);
    let page = latchkey_themes::page::Passkey {
        csrf: person.csrf(),
        path: NEW.to_owned(),
        options: options.to_string(),
        other_path: PATH.to_owned(),
        enrol: true,
        error,
    };
    begun(platform, site, Ceremony::PasskeyNew, &json!(state), page).await
}

/// `POST /account/passkeys/{passkey}/remove`.
pub(super) async fn remove(
    State(platform): State<Platform>,
    id: Segment,
    sent: Sent<Person>,
) -> Result<Response, PageError> {
    let id: PasskeyId = id.id()?;
    let mut tx = platform.store.begin(&sent.by.site.agency.id).await?;
    tx.passkey_remove(sent.by.member(), &id).await?;
    tx.commit().await?;
    Ok(see_other(PATH))
}

/// How authenticators know a person: always the same, and nothing about them.
fn handle(member: &Member) -> Uuid {
    let hash = digest::digest(&digest::SHA256, member.id.as_str().as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_ref()[..16]);
    Uuid::from_bytes(bytes)
}

fn own(key: &Passkey) -> OwnPasskey {
    OwnPasskey {
        name: key.name.to_string(),
        host: key.host.clone(),
        last_used_at: key.last_used_at.map(|at| at.date_time()),
        remove_path: format!("{PATH}/{}/remove", key.id),
    }
}
