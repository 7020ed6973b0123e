//! A year of renewals, with an authority that is away for days and one that takes everything back.

use super::memory::{MemoryLedger, dyn_entropy};
use super::simulated::{SimulatedAuthority, Simulation};
use latchkey_proxy::acme::{
    AcmeMetrics, Anyone, ChallengeBoard, Desk, Issuer, Issuers, LETS_ENCRYPT, Ledger, Limit, Pace,
    RenewalWindow, Worker,
};
use latchkey_tenants::{Clock, ManualClock, Timestamp, testing::START, vault::DataKey};
use secrecy::SecretBox;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);
const HOUR: Duration = Duration::from_hours(1);
/// Of the first authority.
const DIRECTORY: &str = "https://ca0.example/directory";

pub fn issuer(directory: &str) -> Issuer {
    Issuer::Acme {
        directory: directory.to_owned(),
        contact: None,
        eab: None,
        profile: None,
        caa_identities: Vec::new(),
    }
}

struct Installation {
    clock: Arc<ManualClock>,
    ledger: Arc<MemoryLedger>,
    authorities: Vec<Arc<SimulatedAuthority>>,
    worker: Arc<Worker>,
    issuers: Arc<Issuers>,
}

impl Installation {
    fn new(lifetimes: &[Duration], limits: &[Limit]) -> Self {
        let clock = Arc::new(ManualClock::at(START));
        let time = Arc::clone(&clock) as Arc<dyn Clock>;
        let memory = Arc::new(MemoryLedger::new(&clock));
        let ledger = Arc::clone(&memory) as Arc<dyn Ledger>;
        let name = |number: usize| format!("https://ca{number}.example/directory");
        let authorities: Vec<_> = lifetimes
            .iter()
            .map(|lifetime| SimulatedAuthority::new(&clock, *lifetime))
            .collect();
        let names: HashMap<_, _> = authorities
            .iter()
            .enumerate()
            .map(|(number, one)| (name(number), Arc::clone(one)))
            .collect();
        let list = (0..lifetimes.len())
            .map(|number| issuer(&name(number)))
            .collect();
        let issuers = Issuers::new(list, Box::new(Simulation(names)), Arc::clone(&time))
            .with_limits(|_| limits.to_vec());
        let issuers = Arc::new(issuers);
        let desk = Desk {
            board: Arc::new(ChallengeBoard::new(Arc::clone(&ledger))),
            ledger,
            issuers: Arc::clone(&issuers),
            permission: Arc::new(Anyone),
            edge_key: Arc::new(DataKey::of("edge", &SecretBox::new(Box::new([7; 32])))),
            clock: time,
            entropy: dyn_entropy(3),
            metrics: AcmeMetrics::register(&prometheus::Registry::new()).unwrap(),
            pace: Pace {
                first: Duration::ZERO,
                ..Pace::default()
            },
            issued: Arc::default(),
        };
        let worker = Arc::new(Worker::new(Arc::new(desk), "edge".to_owned(), 10));
        Self {
            clock,
            ledger: memory,
            authorities,
            worker,
            issuers,
        }
    }

    fn wish(&self, hosts: usize) {
        let agencies = [
            self.ledger.agency(),
            self.ledger.agency(),
            self.ledger.agency(),
        ];
        for number in 0..hosts {
            self.ledger.wish(
                &format!("h{number}.d{}.example", number / 7),
                &agencies[number % 3],
            );
        }
    }

    /// Lives until `end`, from one thing that is due to the next, and looks at every host before and after each, but not
    /// before the first.
    async fn live_until(&self, end: Timestamp, look: impl Fn(&Self)) {
        while self.clock.now() < end {
            self.worker.pass().await.unwrap();
            look(self);
            let now = self.clock.now();
            let closed = self.issuers.all_closed().then(|| {
                self.issuers
                    .list()
                    .iter()
                    .filter_map(|asked| self.issuers.closed_until(asked))
                    .min()
            });
            let next = self.ledger.next_due().max(closed.flatten()).unwrap_or(end);
            // The program looks every minute at most.
            let next = next.max(now.plus(Duration::from_mins(1))).min(end);
            self.clock.advance(Duration::from_micros(
                (next.micros() - now.micros()).unsigned_abs(),
            ));
            look(self);
        }
    }

    /// Panics when a host has no certificate that is valid now.
    fn all_valid(&self) {
        let now = self.clock.now();
        for (host, state) in &self.ledger.state().hosts {
            let valid = state
                .current
                .as_ref()
                .is_some_and(|one| one.not_before <= now && now < one.not_after);
            assert!(valid, "{host} has none at {now}");
        }
    }

    /// Where the authority was there all the time, every renewal lies in the window that was told last.
    fn windows_were_obeyed(&self, authority: &SimulatedAuthority) {
        let state = authority.state();
        assert!(!state.renewals.is_empty());
        for (at, window) in &state.renewals {
            let late = state
                .away
                .iter()
                .any(|(from, to)| *from <= window.end && *at <= to.plus(HOUR * 2));
            assert!(*at >= window.start, "renewed before {window:?} at {at}");
            assert!(
                *at <= window.end.plus(HOUR) || late || window.end <= window.start.plus(HOUR),
                "renewed after {window:?} at {at}"
            );
        }
    }
}

fn day(number: u32) -> Timestamp {
    START.plus(DAY * number)
}

async fn year(lifetime: Duration, hosts: usize, away: &[(u32, u32)]) -> Installation {
    let installation = Installation::new(&[lifetime], &LETS_ENCRYPT);
    installation.wish(hosts);
    let authority = &installation.authorities[0];
    authority.state().away = away
        .iter()
        .map(|(from, to)| (day(*from), day(*to)))
        .collect();
    installation.worker.pass().await.unwrap();
    installation
        .live_until(day(365), Installation::all_valid)
        .await;
    installation.windows_were_obeyed(authority);
    installation
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_year_of_45_days_with_an_authority_that_is_away_for_ten() {
    let installation = year(
        45 * DAY,
        40,
        &[(25, 35), (100, 101), (200, 210), (300, 303)],
    )
    .await;
    for state in installation.ledger.state().hosts.values() {
        assert!(
            (11..=15).contains(&state.issued),
            "{} certificates",
            state.issued
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_year_of_6_days_with_an_authority_that_is_away_for_two() {
    let installation = year(6 * DAY, 8, &[(3, 5), (60, 62), (90, 91), (200, 202)]).await;
    for state in installation.ledger.state().hosts.values() {
        assert!(
            (110..=135).contains(&state.issued),
            "{} certificates",
            state.issued
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_are_taken_back_and_replaced_in_a_day_under_the_authoritys_limits() {
    let hosts = 10_000;
    let installation = Installation::new(&[45 * DAY], &LETS_ENCRYPT);
    let (authority, agency) = (&installation.authorities[0], installation.ledger.agency());
    let usual = RenewalWindow {
        start: day(29),
        end: day(31),
        ask_again: Some(6 * HOUR),
    };
    for number in 0..hosts {
        let ari_id = format!("AAAA.{number:08}");
        authority.adopt(&ari_id, usual);
        let host = format!("h{number}.acme.example");
        installation
            .ledger
            .seed(&host, &agency, DIRECTORY, ari_id, (START, day(45)), day(30));
    }
    installation
        .live_until(day(3), Installation::all_valid)
        .await;

    let window = RenewalWindow {
        start: day(3),
        end: day(4),
        ask_again: Some(6 * HOUR),
    };
    {
        authority.revoke_all(window);
        // 1,500 an hour.
        authority.state().limit = Some((300, Duration::from_millis(2400)));
    }
    // A new host would have to wait: what the authority wants replaced takes nothing of its budget.
    for limit in &LETS_ENCRYPT[..2] {
        let ledger = &installation.ledger;
        ledger.use_up(DIRECTORY, "h0.acme.example", limit, window.end);
    }
    installation
        .live_until(window.end, Installation::all_valid)
        .await;

    let ledger = installation.ledger.state();
    let replaced = ledger
        .hosts
        .values()
        .filter(|state| state.issued == 2)
        .count();
    assert_eq!(replaced, hosts);
    let state = authority.state();
    assert_eq!(state.placed, hosts);
    assert!(
        state.refused < hosts / 2,
        "{} orders were refused",
        state.refused
    );
}
