//! An authority that speaks ACME, by the library `instant-acme`.

use super::authority::{Authority, Offer, OfferKind, OrderStatus, Placed, RenewalWindow, Wish};
use super::client::{Heard, hearing};
use super::refusal::{Refusal, RefusalKind};
use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use instant_acme::{
    Account, AuthorizationStatus, CertificateIdentifier, ChallengeStatus, ChallengeType, Error,
    Identifier, NewOrder, Order,
};
use latchkey_tenants::{Timestamp, values::Host};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How much of an account's list of orders is read, how many of the newest orders are looked at, and how many at once.
const MAX_PAGES: usize = 50;
const MAX_LOOKED_AT: usize = 100;
const LOOKED_AT_ONCE: usize = 8;
/// Several orders of a process that died are taken over together; less than the lease that they had.
const LIST_KEPT: Duration = Duration::from_secs(10);

/// One account at one authority.
pub struct AcmeAuthority {
    account: Account,
    profile: Option<String>,
    listed: Mutex<Option<Listed>>,
}

/// The account's orders that nobody has finalized: their URLs by host.
struct Listed {
    at: Instant,
    open: HashMap<String, String>,
}

impl AcmeAuthority {
    /// `profile` is asked for only where the authority offers it.
    pub fn new(account: Account, profile: Option<&str>) -> Self {
        let offered = profile.filter(|wanted| account.profiles().any(|meta| meta.name == *wanted));
        if let (Some(profile), None) = (profile, offered) {
            tracing::warn!(
                profile,
                "the authority does not offer this profile; it chooses one"
            );
        }
        Self {
            profile: offered.map(str::to_owned),
            account,
            listed: Mutex::default(),
        }
    }

    /// What a CAA record may name as `accounturi` (RFC 8657 §3).
    pub fn account_uri(&self) -> &str {
        self.account.id()
    }

    fn placed(&self, mut order: Order) -> Box<dyn Placed> {
        Box::new(AcmeOrder {
            account: self.account.clone(),
            status: status(order.state().status),
            order,
        })
    }

    async fn open_orders(&self) -> Result<HashMap<String, String>, Refusal> {
        let urls = self.list().await?;
        let mut newest = urls.into_iter().rev().take(MAX_LOOKED_AT);
        let (mut looks, mut open) = (JoinSet::new(), HashMap::new());
        loop {
            while looks.len() < LOOKED_AT_ONCE
                && let Some(url) = newest.next()
            {
                looks.spawn(open_order(self.account.clone(), url));
            }
            match looks.join_next().await {
                None => return Ok(open),
                Some(Ok(found)) => open.extend(found?),
                Some(Err(_)) => return Err(Refusal::away("a look at an order was cut off")),
            }
        }
    }

    async fn list(&self) -> Result<Vec<String>, Refusal> {
        let account = json(&read(&self.account, self.account.id()).await?)?;
        let mut next = account["orders"].as_str().map(str::to_owned);
        let mut urls = Vec::new();
        for _ in 0..MAX_PAGES {
            let Some(page) = next else { break };
            let heard = read(&self.account, &page).await?;
            let list = json(&heard)?;
            let orders = list["orders"].as_array().into_iter().flatten();
            urls.extend(orders.filter_map(|url| url.as_str().map(str::to_owned)));
            next = heard.next_page;
        }
        Ok(urls)
    }
}

#[async_trait]
impl Authority for AcmeAuthority {
    async fn place(&self, wish: Wish<'_>) -> Result<Box<dyn Placed>, Refusal> {
        let names = [Identifier::Dns(wish.host.to_string())];
        let plain = || match &self.profile {
            Some(profile) => NewOrder::new(&names).profile(profile),
            None => NewOrder::new(&names),
        };
        if let Some(replaces) = wish.replaces.and_then(identifier) {
            match self.account.new_order(&plain().replaces(replaces)).await {
                Err(error) if knows_no_replaces(&error) => {}
                result => return Ok(self.placed(result?)),
            }
        }
        let order = self.account.new_order(&plain()).await?;
        Ok(self.placed(order))
    }

    async fn resume(&self, url: &str) -> Result<Box<dyn Placed>, Refusal> {
        let order = self.account.order(url.to_owned()).await?;
        Ok(self.placed(order))
    }

    async fn find(&self, host: &Host) -> Result<Option<Box<dyn Placed>>, Refusal> {
        let mut listed = self.listed.lock().await;
        if listed
            .as_ref()
            .is_none_or(|one| one.at.elapsed() > LIST_KEPT)
        {
            let at = Instant::now();
            let open = self.open_orders().await?;
            *listed = Some(Listed { at, open });
        }
        let url = listed
            .as_mut()
            .and_then(|one| one.open.remove(host.as_str()));
        drop(listed);
        match url {
            Some(url) => self.resume(&url).await.map(Some),
            None => Ok(None),
        }
    }

    async fn renewal_window(&self, ari_id: &str) -> Result<Option<RenewalWindow>, Refusal> {
        let Some(id) = identifier(ari_id) else {
            return Ok(None);
        };
        let (info, heard) = hearing(self.account.renewal_info(&id)).await;
        let (window, _) = match info {
            Err(Error::Unsupported(_)) => return Ok(None),
            info => info?,
        };
        let moment = |at: time::OffsetDateTime| {
            let micros = at.unix_timestamp_nanos() / 1000;
            Timestamp(i64::try_from(micros).unwrap_or(i64::MAX))
        };
        let window = window.suggested_window;
        if window.end <= window.start {
            // RFC 9773 §4.2: such a window is invalid.
            return Err(Refusal::away("its renewal window ends before it starts"));
        }
        Ok(Some(RenewalWindow {
            start: moment(window.start),
            end: moment(window.end),
            ask_again: heard.retry_after,
        }))
    }
}

struct AcmeOrder {
    account: Account,
    order: Order,
    status: OrderStatus,
}

#[async_trait]
impl Placed for AcmeOrder {
    fn url(&self) -> &str {
        self.order.url()
    }

    fn status(&self) -> OrderStatus {
        self.status
    }

    async fn refresh(&mut self) -> Result<Option<Duration>, Refusal> {
        let (state, heard) = hearing(self.order.refresh()).await;
        self.status = status(state?.status);
        Ok(heard.retry_after)
    }

    async fn challenges(&mut self) -> Result<Vec<Offer>, Refusal> {
        let mut authorizations = self.order.authorizations();
        let Some(authorization) = authorizations.next().await else {
            return Ok(Vec::new());
        };
        let authorization = authorization?;
        if authorization.status == AuthorizationStatus::Valid {
            return Ok(Vec::new());
        }
        let thumbprint = self.account.key_thumbprint();
        let offers = authorization.challenges.iter().filter_map(|challenge| {
            Some(Offer {
                kind: match challenge.r#type {
                    ChallengeType::Http01 => OfferKind::Http01,
                    ChallengeType::TlsAlpn01 => OfferKind::TlsAlpn01,
                    _ => return None,
                },
                key_authorization: format!("{}.{thumbprint}", challenge.token),
                token: challenge.token.clone(),
                taken: challenge.status != ChallengeStatus::Pending,
            })
        });
        Ok(offers.collect())
    }

    async fn ready(&mut self, kind: OfferKind) -> Result<(), Refusal> {
        let mut authorizations = self.order.authorizations();
        let Some(authorization) = authorizations.next().await else {
            return Ok(());
        };
        let mut authorization = authorization?;
        let kind = match kind {
            OfferKind::Http01 => ChallengeType::Http01,
            OfferKind::TlsAlpn01 => ChallengeType::TlsAlpn01,
        };
        let Some(mut challenge) = authorization.challenge(kind) else {
            return Ok(());
        };
        match challenge.set_ready().await {
            // The challenge has failed already: the order says so too.
            Err(Error::Api(_)) => Ok(()),
            result => Ok(result?),
        }
    }

    async fn finalize(&mut self, csr: &[u8]) -> Result<(), Refusal> {
        self.order.finalize_csr(csr).await?;
        self.status = status(self.order.state().status);
        Ok(())
    }

    async fn certificate(&mut self) -> Result<String, Refusal> {
        let pem = self.order.certificate().await?;
        pem.ok_or_else(|| Refusal::away("the certificate is not ready yet"))
    }

    async fn why(&mut self) -> Refusal {
        match validation_problem(&self.account, self.order.url()).await {
            Ok(Some(document)) => Refusal::of_validation(document),
            Ok(None) => Refusal::new(
                RefusalKind::Other,
                "the order became invalid without a reason",
            ),
            Err(refusal) => refusal,
        }
    }
}

async fn validation_problem(account: &Account, url: &str) -> Result<Option<Value>, Refusal> {
    let mut order = json(&read(account, url).await?)?;
    let authorizations = order["authorizations"].as_array().into_iter().flatten();
    for url in authorizations.filter_map(Value::as_str) {
        let mut authorization = json(&read(account, url).await?)?;
        let challenges = authorization["challenges"].as_array_mut();
        let mut errors = challenges
            .into_iter()
            .flatten()
            .map(|challenge| challenge["error"].take());
        if let Some(error) = errors.find(Value::is_object) {
            return Ok(Some(error));
        }
    }
    Ok(Some(order["error"].take()).filter(Value::is_object))
}

/// Host and URL, if the order is for one host and nobody has finalized it.
async fn open_order(account: Account, url: String) -> Result<Option<(String, String)>, Refusal> {
    let order = json(&read(&account, &url).await?)?;
    let open = matches!(order["status"].as_str(), Some("pending" | "ready"));
    let names = order["identifiers"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    Ok(match names {
        [only] if open => only["value"].as_str().map(|host| (host.to_owned(), url)),
        _ => None,
    })
}

/// Any resource of the account as it is. The library reads orders only, but asks for them as for everything
/// (POST-as-GET, RFC 8555 §6.3).
async fn read(account: &Account, url: &str) -> Result<Heard, Refusal> {
    let (result, heard) = hearing(account.order(url.to_owned())).await;
    match result {
        Ok(_) | Err(Error::Json(_)) => Ok(heard),
        Err(error) => Err(error.into()),
    }
}

fn json(heard: &Heard) -> Result<Value, Refusal> {
    serde_json::from_slice(&heard.body)
        .map_err(|_| Refusal::away("it answered with something else than JSON"))
}

/// No renewal information, or the order was taken without a word about what it replaces.
fn knows_no_replaces(error: &Error) -> bool {
    match error {
        Error::Unsupported(_) => true,
        Error::Other(inner) => inner.to_string().starts_with("replaces field mismatch"),
        _ => false,
    }
}

/// RFC 9773 §4.1: two parts of base64url.
fn identifier(ari_id: &str) -> Option<CertificateIdentifier<'_>> {
    let (authority, serial) = ari_id.split_once('.')?;
    let good = |part: &str| !part.is_empty() && URL_SAFE_NO_PAD.decode(part).is_ok();
    (good(authority) && good(serial)).then_some(CertificateIdentifier {
        authority_key_identifier: Cow::Borrowed(authority),
        serial: Cow::Borrowed(serial),
    })
}

fn status(status: instant_acme::OrderStatus) -> OrderStatus {
    match status {
        instant_acme::OrderStatus::Pending => OrderStatus::Pending,
        instant_acme::OrderStatus::Ready => OrderStatus::Ready,
        instant_acme::OrderStatus::Processing => OrderStatus::Processing,
        instant_acme::OrderStatus::Valid => OrderStatus::Valid,
        instant_acme::OrderStatus::Invalid => OrderStatus::Invalid,
    }
}
