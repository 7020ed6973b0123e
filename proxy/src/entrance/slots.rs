use super::metrics::EntranceMetrics;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The places for open connections.
pub(super) struct Slots {
    max: usize,
    max_per_client: usize,
    taken: AtomicUsize,
    networks: Mutex<HashMap<Network, usize>>,
    metrics: Arc<EntranceMetrics>,
}

/// The place of one connection; free again when dropped.
pub(crate) struct Slot {
    slots: Arc<Slots>,
    network: Option<Network>,
}

/// Whom a client shares its limit with: nobody for IPv4, its /64 for IPv6, which is what one customer gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Network(u64, bool);

impl Network {
    fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(u32::from(address).into(), false),
            IpAddr::V6(address) => Self((u128::from(address) >> 64) as u64, true),
        }
    }
}

impl Slots {
    pub fn new(max: usize, max_per_client: usize, metrics: Arc<EntranceMetrics>) -> Arc<Self> {
        Arc::new(Self {
            max,
            max_per_client,
            taken: AtomicUsize::new(0),
            networks: Mutex::default(),
            metrics,
        })
    }

    /// None: the edge is full.
    pub fn enter(self: &Arc<Self>) -> Option<Slot> {
        let one_more = |taken| (taken < self.max).then_some(taken + 1);
        if self.taken.fetch_update(Relaxed, Relaxed, one_more).is_err() {
            self.metrics.refused_total.inc();
            return None;
        }
        self.metrics.open.inc();
        Some(Slot {
            slots: Arc::clone(self),
            network: None,
        })
    }

    fn networks(&self) -> MutexGuard<'_, HashMap<Network, usize>> {
        // The counts are whole at every step, so a panic elsewhere spoils nothing.
        self.networks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// Counts the connection for its client. False: that client has enough of them.
    pub fn join(&mut self, client: IpAddr) -> bool {
        let network = Network::of(client);
        let mut networks = self.slots.networks();
        let taken = networks.get(&network).copied().unwrap_or(0);
        if taken >= self.slots.max_per_client {
            self.slots.metrics.refused_client.inc();
            return false;
        }
        networks.insert(network, taken + 1);
        self.network = Some(network);
        true
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(network) = self.network
            && let Entry::Occupied(mut taken) = self.slots.networks().entry(network)
        {
            if *taken.get() > 1 {
                *taken.get_mut() -= 1;
            } else {
                taken.remove();
            }
        }
        self.slots.taken.fetch_sub(1, Relaxed);
        self.slots.metrics.open.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(max: usize, max_per_client: usize) -> Arc<Slots> {
        let metrics = EntranceMetrics::register(&prometheus::Registry::new()).unwrap();
        Slots::new(max, max_per_client, Arc::new(metrics))
    }

    #[test]
    fn the_edge_fills_up_and_a_place_left_is_free_again() {
        let slots = slots(2, 9);
        let first = slots.enter().unwrap();
        let _second = slots.enter().unwrap();
        assert!(slots.enter().is_none());
        drop(first);
        assert!(slots.enter().is_some());
        assert_eq!(slots.metrics.refused_total.get(), 1);
    }

    #[test]
    fn a_client_fills_up_alone() {
        let slots = slots(9, 1);
        let join = |address: &str| {
            let mut slot = slots.enter().unwrap();
            slot.join(address.parse().unwrap()).then_some(slot)
        };
        let held = join("192.0.2.1").unwrap();
        assert!(join("192.0.2.1").is_none());
        assert!(
            join("::ffff:192.0.2.1").is_none(),
            "the same address as IPv6 writes it"
        );
        let _other = join("192.0.2.2").unwrap();
        drop(held);
        assert!(join("192.0.2.1").is_some());
    }

    #[test]
    fn ipv6_is_counted_by_its_64() {
        let slots = slots(9, 1);
        let join = |address: &str| {
            let mut slot = slots.enter().unwrap();
            slot.join(address.parse().unwrap()).then_some(slot)
        };
        let _held = join("2001:db8:0:1::1").unwrap();
        assert!(join("2001:db8:0:1:ffff::2").is_none());
        assert!(join("2001:db8:0:2::1").is_some());
    }

    #[test]
    fn nothing_is_kept_of_a_client_that_left() {
        let slots = slots(9, 9);
        let mut slot = slots.enter().unwrap();
        assert!(slot.join("192.0.2.1".parse().unwrap()));
        drop(slot);
        assert!(slots.networks().is_empty());
        assert_eq!(slots.metrics.open.get(), 0);
    }
}
