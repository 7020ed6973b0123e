use std::time::Duration;

use axum::response::Response;
use http::{HeaderMap, header::SET_COOKIE};
use latchkey_tenants::{
    ActionError, Member, Tx,
    store::{NewSession, SessionStage, SignInMethod},
};

use super::{browser, code::ATTEMPT_COOKIE};
use crate::{
    http::{PageError, Site, clear_cookie, cookie, set_cookie},
    person::{Next, SECOND_FACTOR, SESSION_COOKIE, home, see_other},
    platform::Platform,
};

const DEVICE_COOKIE: &str = "__Host-device";
const DEVICE: Duration = Duration::from_hours(365 * 24);

/// How somebody has just proven who they are.
pub(super) struct Proof {
    pub method: SignInMethod,
    /// The code of an app was given too.
    pub second_factor: bool,
}

impl From<SignInMethod> for Proof {
    fn from(method: SignInMethod) -> Self {
        Self {
            method,
            second_factor: false,
        }
    }
}

/// A session of a new id takes the place of whatever session the browser had, and is committed.
pub(super) async fn sign_in(
    platform: &Platform,
    site: &Site,
    headers: &HeaderMap,
    mut tx: Tx,
    member: &Member,
    proof: Proof,
) -> Result<Response, PageError> {
    end_old(&mut tx, headers).await?;
    let device = cookie(headers, DEVICE_COOKIE);
    let started = tx
        .session_start(NewSession {
            member,
            host: &site.host,
            method: proof.method,
            browser: &browser::name(headers),
            device: device.as_ref(),
            second_factor: proof.second_factor,
        })
        .await?;
    tx.commit().await?;
    platform.changed(&site.agency.id);
    let full = started.stage == SessionStage::Full;
    let next = Next::noted(headers).filter(|_| full);
    let mut response = match next {
        Some(next) => see_other(next.path()),
        None if full => see_other(home(member.role)),
        None => see_other(SECOND_FACTOR),
    };
    if full {
        Next::take(headers, &mut response);
    }
    for cookie in [
        set_cookie(SESSION_COOKIE, &started.secret, started.lifetime),
        set_cookie(DEVICE_COOKIE, &started.device, DEVICE),
        clear_cookie(ATTEMPT_COOKIE),
    ] {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// A session never changes its person: the one before ends.
async fn end_old(tx: &mut Tx, headers: &HeaderMap) -> Result<(), PageError> {
    let Some(old) = cookie(headers, SESSION_COOKIE) else {
        return Ok(());
    };
    if let Some(old) = tx.session(&old).await? {
        let actor = old.member.actor();
        match tx.session_end(&old.member.id, &old.id, &actor).await {
            Ok(()) | Err(ActionError::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
