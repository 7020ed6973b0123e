//! Keeps calls apart that would make Pebble stand still for ever.
//!
//! Its handler of new orders holds the lock of its store while it waits for each authorization's; its handler of
//! authorizations holds one of those and then wants the store's. With a writer in between, neither goes on. In the same
//! way its list of all orders meets the handler of one.

use super::world::Between;
use async_trait::async_trait;
use latchkey_proxy::acme::{
    Authority, Offer, OfferKind, OrderStatus, Placed, Refusal, RenewalWindow, Wish,
};
use latchkey_tenants::values::Host;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// In front of one Pebble; all edges that talk to it share it.
#[derive(Clone, Default)]
pub struct Gate(Arc<Locks>);

#[derive(Default)]
struct Locks {
    /// Written: the list. Read: all else.
    list: RwLock<()>,
    /// Written: an authorization is looked at. Read: new orders.
    authorization: RwLock<()>,
}

type Shared<'a> = RwLockReadGuard<'a, ()>;
type Alone<'a> = RwLockWriteGuard<'a, ()>;

impl Gate {
    async fn list(&self) -> Alone<'_> {
        self.0.list.write().await
    }

    async fn order(&self) -> Shared<'_> {
        self.0.list.read().await
    }

    async fn new_order(&self) -> (Shared<'_>, Shared<'_>) {
        (self.order().await, self.0.authorization.read().await)
    }

    async fn authorization(&self) -> (Shared<'_>, Alone<'_>) {
        (self.order().await, self.0.authorization.write().await)
    }
}

impl Between for Gate {
    fn wrap(&self, authority: Arc<dyn Authority>) -> Arc<dyn Authority> {
        Arc::new(Gated(authority, self.clone()))
    }
}

struct Gated(Arc<dyn Authority>, Gate);

struct GatedOrder(Box<dyn Placed>, Gate);

impl Gated {
    fn gated(&self, order: Box<dyn Placed>) -> Box<dyn Placed> {
        Box::new(GatedOrder(order, self.1.clone()))
    }
}

#[async_trait]
impl Authority for Gated {
    async fn place(&self, wish: Wish<'_>) -> Result<Box<dyn Placed>, Refusal> {
        let _held = self.1.new_order().await;
        self.0.place(wish).await.map(|order| self.gated(order))
    }

    async fn resume(&self, url: &str) -> Result<Box<dyn Placed>, Refusal> {
        let _held = self.1.order().await;
        self.0.resume(url).await.map(|order| self.gated(order))
    }

    async fn find(&self, host: &Host) -> Result<Option<Box<dyn Placed>>, Refusal> {
        let _held = self.1.list().await;
        let order = self.0.find(host).await?;
        Ok(order.map(|order| self.gated(order)))
    }

    async fn renewal_window(&self, ari_id: &str) -> Result<Option<RenewalWindow>, Refusal> {
        let _held = self.1.order().await;
        self.0.renewal_window(ari_id).await
    }
}

#[async_trait]
impl Placed for GatedOrder {
    fn url(&self) -> &str {
        self.0.url()
    }

    fn status(&self) -> OrderStatus {
        self.0.status()
    }

    async fn refresh(&mut self) -> Result<Option<Duration>, Refusal> {
        let _held = self.1.order().await;
        self.0.refresh().await
    }

    async fn challenges(&mut self) -> Result<Vec<Offer>, Refusal> {
        let _held = self.1.authorization().await;
        self.0.challenges().await
    }

    async fn ready(&mut self, kind: OfferKind) -> Result<(), Refusal> {
        let _held = self.1.order().await;
        self.0.ready(kind).await
    }

    async fn finalize(&mut self, csr: &[u8]) -> Result<(), Refusal> {
        let _held = self.1.order().await;
        self.0.finalize(csr).await
    }

    async fn certificate(&mut self) -> Result<String, Refusal> {
        let _held = self.1.order().await;
        self.0.certificate().await
    }

    async fn why(&mut self) -> Refusal {
        let _held = self.1.authorization().await;
        self.0.why().await
    }
}
