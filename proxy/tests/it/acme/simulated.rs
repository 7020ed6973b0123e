//! An authority without a network: it issues at the test's time, can be away, has limits, and tells renewal windows.

use async_trait::async_trait;
use latchkey_proxy::acme::{
    Authority, Issuer as IssuerSetting, Offer, OfferKind, Opens, OrderStatus, Placed, Refusal,
    RefusalKind, RenewalWindow, Wish,
};
use latchkey_tenants::{Clock, ManualClock, Timestamp, values::Host};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName, IsCa,
    Issuer, KeyPair, SanType,
};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

pub struct SimulatedAuthority {
    clock: Arc<ManualClock>,
    lifetime: Duration,
    issuer: Issuer<'static, KeyPair>,
    root: String,
    state: Mutex<State>,
}

#[derive(Default)]
pub struct State {
    orders: HashMap<String, OrderState>,
    windows: HashMap<String, RenewalWindow>,
    replaced: HashSet<String>,
    /// When it does not answer.
    pub away: Vec<(Timestamp, Timestamp)>,
    /// How many orders it takes at once, and how fast it forgives; None: any number.
    pub limit: Option<(u32, Duration)>,
    tat: Timestamp,
    /// What was heard about each certificate before it was replaced: when, and which window.
    pub renewals: Vec<(Timestamp, RenewalWindow)>,
    told: HashMap<String, RenewalWindow>,
    pub refused: usize,
    pub placed: usize,
    next: u64,
}

#[derive(Clone)]
struct OrderState {
    host: Host,
    replaces: Option<String>,
    status: OrderStatus,
    pem: String,
}

impl SimulatedAuthority {
    pub fn new(clock: &Arc<ManualClock>, lifetime: Duration) -> Arc<Self> {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = params.self_signed(&key).unwrap().pem();
        Arc::new(Self {
            clock: Arc::clone(clock),
            lifetime,
            issuer: Issuer::new(params, key),
            root,
            state: Mutex::default(),
        })
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Knows a certificate that it never issued, and wants it renewed in this window.
    pub fn adopt(&self, ari_id: &str, window: RenewalWindow) {
        self.state().windows.insert(ari_id.to_owned(), window);
    }

    /// Wants every certificate that is in use replaced in this window.
    pub fn revoke_all(&self, window: RenewalWindow) {
        let mut state = self.state();
        let State {
            windows, replaced, ..
        } = &mut *state;
        windows.retain(|id, _| !replaced.contains(id));
        windows.values_mut().for_each(|known| *known = window);
    }

    fn here(&self) -> Result<MutexGuard<'_, State>, Refusal> {
        let now = self.clock.now();
        let state = self.state();
        if state
            .away
            .iter()
            .any(|(from, to)| (*from..*to).contains(&now))
        {
            return Err(Refusal::away("it could not be reached"));
        }
        Ok(state)
    }

    fn take(&self, state: &mut State) -> Result<(), Refusal> {
        let Some((burst, period)) = state.limit else {
            return Ok(());
        };
        let now = self.clock.now();
        let next = state.tat.max(now).plus(period);
        let allowed = now.plus(period * burst);
        if next > allowed {
            state.refused += 1;
            let mut refusal = Refusal::new(
                RefusalKind::RateLimited,
                "too many new orders from this account",
            );
            refusal.retry_after = Some(Duration::from_micros(
                (next.micros() - allowed.micros()).unsigned_abs(),
            ));
            return Err(refusal);
        }
        state.tat = next;
        Ok(())
    }

    fn sign(&self, csr: &[u8], host: &Host) -> (String, String) {
        let now = self.clock.now();
        let request = CertificateSigningRequestParams::from_der(&csr.into()).unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.subject_alt_names = vec![SanType::DnsName(host.as_str().try_into().unwrap())];
        params.not_before = now.date_time();
        params.not_after = now.plus(self.lifetime).date_time();
        params.use_authority_key_identifier_extension = true;
        let leaf = params.signed_by(&request.public_key, &self.issuer).unwrap();
        let id = instant_acme::CertificateIdentifier::try_from(leaf.der())
            .unwrap()
            .to_string();
        (format!("{}{}", leaf.pem(), self.root), id)
    }

    /// Two days around the time when a third of the life is left, or half of a short one.
    fn usual_window(&self) -> RenewalWindow {
        let day = Duration::from_hours(24);
        let (left, margin) = if self.lifetime < 10 * day {
            (self.lifetime / 2, day / 4)
        } else {
            (self.lifetime / 3, day)
        };
        let middle = self.clock.now().plus(self.lifetime - left);
        RenewalWindow {
            start: middle.minus(margin),
            end: middle.plus(margin),
            ask_again: Some(day / 4),
        }
    }
}

struct SimulatedOrder {
    authority: Arc<SimulatedAuthority>,
    url: String,
    last: OrderState,
}

/// The trait is for the shared handle, which its orders hold too.
pub struct Handle(pub Arc<SimulatedAuthority>);

#[async_trait]
impl Authority for Handle {
    async fn place(&self, wish: Wish<'_>) -> Result<Box<dyn Placed>, Refusal> {
        let mut state = self.0.here()?;
        self.0.take(&mut state)?;
        if wish.replaces.is_some_and(|id| state.replaced.contains(id)) {
            return Err(Refusal::new(RefusalKind::AlreadyReplaced, "replaced"));
        }
        state.next += 1;
        state.placed += 1;
        let url = format!("https://ca.example/order/{}", state.next);
        let last = OrderState {
            host: wish.host.clone(),
            replaces: wish.replaces.map(str::to_owned),
            status: OrderStatus::Pending,
            pem: String::new(),
        };
        state.orders.insert(url.clone(), last.clone());
        Ok(Box::new(SimulatedOrder {
            authority: Arc::clone(&self.0),
            url,
            last,
        }))
    }

    async fn resume(&self, url: &str) -> Result<Box<dyn Placed>, Refusal> {
        let state = self.0.here()?;
        let last = state
            .orders
            .get(url)
            .cloned()
            .ok_or_else(|| Refusal::new(RefusalKind::Gone, "no such order"))?;
        Ok(Box::new(SimulatedOrder {
            authority: Arc::clone(&self.0),
            url: url.to_owned(),
            last,
        }))
    }

    async fn find(&self, _host: &Host) -> Result<Option<Box<dyn Placed>>, Refusal> {
        Ok(None)
    }

    async fn renewal_window(&self, ari_id: &str) -> Result<Option<RenewalWindow>, Refusal> {
        let mut state = self.0.here()?;
        let window = state.windows.get(ari_id).copied();
        let window =
            window.ok_or_else(|| Refusal::new(RefusalKind::Gone, "no such certificate"))?;
        state.told.insert(ari_id.to_owned(), window);
        Ok(Some(window))
    }
}

#[async_trait]
impl Placed for SimulatedOrder {
    fn url(&self) -> &str {
        &self.url
    }

    fn status(&self) -> OrderStatus {
        self.last.status
    }

    async fn refresh(&mut self) -> Result<Option<Duration>, Refusal> {
        self.last = self.authority.here()?.orders[&self.url].clone();
        Ok(None)
    }

    async fn challenges(&mut self) -> Result<Vec<Offer>, Refusal> {
        drop(self.authority.here()?);
        let token = self.url.len().to_string();
        Ok(vec![Offer {
            kind: OfferKind::Http01,
            key_authorization: format!("{token}.x"),
            token,
            taken: false,
        }])
    }

    async fn ready(&mut self, _kind: OfferKind) -> Result<(), Refusal> {
        self.authority
            .here()?
            .orders
            .get_mut(&self.url)
            .unwrap()
            .status = OrderStatus::Ready;
        Ok(())
    }

    async fn finalize(&mut self, csr: &[u8]) -> Result<(), Refusal> {
        drop(self.authority.here()?);
        let (pem, id) = self.authority.sign(csr, &self.last.host);
        let window = self.authority.usual_window();
        let now = self.authority.clock.now();
        let mut state = self.authority.here()?;
        state.windows.insert(id, window);
        if let Some(replaced) = &self.last.replaces {
            if let Some(told) = state.told.remove(replaced) {
                state.renewals.push((now, told));
            }
            state.replaced.insert(replaced.clone());
        }
        let order = state.orders.get_mut(&self.url).unwrap();
        assert_eq!(
            order.status,
            OrderStatus::Ready,
            "an order is finalized once"
        );
        (order.status, order.pem) = (OrderStatus::Valid, pem);
        self.last = order.clone();
        Ok(())
    }

    async fn certificate(&mut self) -> Result<String, Refusal> {
        drop(self.authority.here()?);
        Ok(self.last.pem.clone())
    }

    async fn why(&mut self) -> Refusal {
        Refusal::new(RefusalKind::Other, "no reason")
    }
}

/// Issuers by the name of their directory.
pub struct Simulation(pub HashMap<String, Arc<SimulatedAuthority>>);

#[async_trait]
impl Opens for Simulation {
    async fn open(&self, issuer: &IssuerSetting) -> Result<Arc<dyn Authority>, Refusal> {
        let authority = &self.0[issuer.name()];
        drop(authority.here()?);
        Ok(Arc::new(Handle(Arc::clone(authority))))
    }
}
