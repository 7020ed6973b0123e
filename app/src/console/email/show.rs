use axum::extract::State;
use latchkey_tenants::{SenderDomain, SenderState, StoreError, values::Host};
use serde::Serialize;

use super::path_of;
use crate::{
    console::{Desk, Typed, done, refusal},
    http::PageResult,
    mail::check_sender_host,
    person::{Manage, Sent},
    platform::Platform,
};

const TEMPLATE: &str = "email/show.html";
const TITLE: &str = "E-mail";

#[derive(Serialize)]
struct EmailPage {
    /// What mails come from now.
    from: String,
    /// It is the installation's neutral address.
    neutral: bool,
    reply_to: Option<String>,
    domains: Vec<SenderRow>,
    host: Typed,
    /// Host and port of the agency's own relay.
    relay: Option<(String, u16)>,
}

#[derive(Serialize)]
pub(super) struct SenderRow {
    pub path: String,
    pub host: String,
    pub tone: &'static str,
    pub state: &'static str,
    pub verified: bool,
    pub problem: Option<String>,
    pub checked_at: Option<i64>,
}

impl From<&SenderDomain> for SenderRow {
    fn from(domain: &SenderDomain) -> Self {
        let (tone, state) = match domain.state {
            SenderState::Pending => ("wait", "Waiting for its records"),
            SenderState::Verified => ("ok", "Verified"),
            SenderState::Drifted => ("bad", "Its records changed"),
        };
        Self {
            path: path_of(&domain.id),
            host: domain.host.to_string(),
            tone,
            state,
            verified: domain.state == SenderState::Verified,
            problem: domain.problem.clone(),
            checked_at: domain.checked_at.map(|at| at.micros()),
        }
    }
}

/// `GET /dashboard/email`.
pub(super) async fn show(State(platform): State<Platform>, desk: Desk<Manage>) -> PageResult {
    let page = page(&platform, &desk, Typed::default()).await?;
    Ok(desk.show(TEMPLATE, TITLE, page))
}

/// `POST /dashboard/email`: a domain that mails are to come from.
pub(super) async fn claim(
    State(platform): State<Platform>,
    sent: Sent<Desk<Manage>>,
) -> PageResult {
    let desk = sent.by;
    let mut typed = Typed::of(&sent.fields, "host");
    let host = typed.read::<Host>();
    if let Some(Err(error)) = host
        .as_ref()
        .map(|host| check_sender_host(host, &platform.urls))
    {
        typed.refuse(&refusal(error)?);
    }
    let Some(host) = host.filter(|_| typed.error.is_none()) else {
        let page = page(&platform, &desk, typed).await?;
        return Ok(desk.refuse(TEMPLATE, TITLE, page));
    };
    let mut tx = desk.begin().await?;
    let (domain, _) = match tx.sender_domain_claim(&host, &desk.actor()).await {
        Ok(claimed) => claimed,
        Err(error) => {
            drop(tx);
            typed.refuse(&refusal(error)?);
            let page = page(&platform, &desk, typed).await?;
            return Ok(desk.refuse(TEMPLATE, TITLE, page));
        }
    };
    desk.commit(tx).await?;
    let text = format!(
        "{host} is added. Make its records now; until they are seen, mails come from the neutral sender."
    );
    Ok(done(&path_of(&domain.id), &text))
}

async fn page(
    platform: &Platform,
    desk: &Desk<Manage>,
    host: Typed,
) -> Result<EmailPage, StoreError> {
    let mut tx = desk.read().await?;
    let (domains, relay) = (tx.sender_domains().await?, tx.mail_relay().await?);
    let (agency, own) = (
        tx.agency_itself().await?,
        tx.sender_domain_verified().await?,
    );
    let neutral = || platform.mailer.as_ref().map(|mailer| mailer.from_address());
    let from = match (&relay, &own) {
        (Some(relay), _) => Some(relay.sender.to_string()),
        (None, Some(own)) => Some(format!("notify@{}", own.host)),
        (None, None) => neutral(),
    };
    Ok(EmailPage {
        neutral: relay.is_none() && own.is_none(),
        from: from.unwrap_or_default(),
        reply_to: agency.support_email.map(|email| email.to_string()),
        domains: domains.iter().map(SenderRow::from).collect(),
        host,
        relay: relay.map(|relay| (relay.host.to_string(), relay.port)),
    })
}
