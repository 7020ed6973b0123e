use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use latchkey_tenants::{Clock, testing::TestStore};
use tokio::sync::{Notify, oneshot};

use super::*;
use crate::{AppConfig, Urls};

static PANICS: AtomicUsize = AtomicUsize::new(0);
static PANIC_GAVE_UP: AtomicUsize = AtomicUsize::new(0);
static WAITS: AtomicUsize = AtomicUsize::new(0);
static KILLER_STARTED: Notify = Notify::const_new();
static KILLER_GAVE_UP: AtomicUsize = AtomicUsize::new(0);
static QUICK_RAN: Notify = Notify::const_new();
static SLOW_STARTED: Notify = Notify::const_new();
static SLOW_MAY_END: Notify = Notify::const_new();
static SLOW_ENDED: AtomicUsize = AtomicUsize::new(0);

/// Each kind is for one test: the tests of this process run side by side.
const TEST_KINDS: &[Kind] = &[
    Kind {
        name: "panics",
        run: |_, _| {
            Box::pin(async {
                PANICS.fetch_add(1, Ordering::SeqCst);
                panic!("on purpose")
            })
        },
        gave_up: |_, _, why| {
            assert_eq!(why, "the job panicked");
            Box::pin(async {
                PANIC_GAVE_UP.fetch_add(1, Ordering::SeqCst);
                Ok(())
            })
        },
    },
    Kind {
        name: "waits",
        run: |_, job| {
            assert_eq!(job.attempts, 1, "a try that waits does not count");
            WAITS.fetch_add(1, Ordering::SeqCst);
            Box::pin(async {
                Err(JobError::Wait {
                    pause: Duration::from_mins(1),
                    why: "not yet".to_owned(),
                })
            })
        },
        gave_up: |_, _, _| panic!("it never gives up"),
    },
    Kind {
        name: "stuck",
        run: |_, _| Box::pin(std::future::pending()),
        gave_up: |_, _, _| panic!("it never ends"),
    },
    Kind {
        name: "kills",
        run: |_, _| {
            KILLER_STARTED.notify_one();
            Box::pin(std::future::pending())
        },
        gave_up: |_, _, _| {
            Box::pin(async {
                KILLER_GAVE_UP.fetch_add(1, Ordering::SeqCst);
                Ok(())
            })
        },
    },
    Kind {
        name: "quick",
        run: |_, _| {
            Box::pin(async {
                QUICK_RAN.notify_one();
                Ok(())
            })
        },
        gave_up: |_, _, _| panic!("it works"),
    },
    Kind {
        name: "slow",
        run: |_, _| {
            Box::pin(async {
                SLOW_STARTED.notify_one();
                SLOW_MAY_END.notified().await;
                SLOW_ENDED.fetch_add(1, Ordering::SeqCst);
                Ok(())
            })
        },
        gave_up: |_, _, _| panic!("it works"),
    },
];

struct Bench {
    test: TestStore,
    platform: Platform,
    agency: latchkey_tenants::Agency,
}

impl Bench {
    async fn new() -> Self {
        let test = TestStore::sqlite().await;
        let config = AppConfig {
            urls: Urls::new("latch.example", "https://{host}").unwrap(),
            edge_secret: None,
            mail: None,
            delivery: crate::mail::DeliveryConfig::default(),
            dev_loopback: false,
        };
        let clock = Arc::clone(&test.clock) as Arc<dyn Clock>;
        let entropy = Arc::clone(&test.entropy);
        let platform = Platform::new(test.store.clone(), config, clock, entropy).unwrap();
        let agency = test.agency("northwind").await;
        Self {
            test,
            platform,
            agency,
        }
    }

    fn worker(&self) -> Worker {
        Worker {
            platform: self.platform.clone(),
            kinds: TEST_KINDS,
        }
    }

    async fn enqueue(&self, kind: &str, key: &str) {
        let mut tx = self.test.store.begin(&self.agency.id).await.unwrap();
        let (payload, run_at) = (serde_json::json!({}), tx.now());
        tx.job_enqueue(latchkey_tenants::store::NewJob {
            kind,
            dedupe_key: key,
            payload,
            run_at,
        })
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }

    async fn open_jobs(&self) -> i64 {
        let mut tx = self.test.store.read_platform().await.unwrap();
        tx.jobs_open().await.unwrap()
    }
}

#[tokio::test]
async fn a_job_that_panics_is_tried_seven_times_and_then_given_up() {
    let bench = Bench::new().await;
    bench.enqueue("panics", "a").await;
    let worker = bench.worker();
    for tries in 1..=7 {
        assert_eq!(worker.run_due().await, 1);
        assert_eq!(PANICS.load(Ordering::SeqCst), tries);
        assert_eq!(worker.run_due().await, 0, "not before its time");
        bench.test.clock.advance(Duration::from_hours(14));
    }
    assert_eq!(worker.run_due().await, 0);
    assert_eq!(PANIC_GAVE_UP.load(Ordering::SeqCst), 1);
    assert_eq!(bench.open_jobs().await, 0);
}

#[tokio::test]
async fn a_job_that_kills_its_workers_is_given_up_too() {
    let bench = Bench::new().await;
    bench.enqueue("kills", "a").await;
    for _ in 1..=7 {
        let worker = bench.worker();
        tokio::select! {
            _ = worker.run_due() => panic!("it never ends"),
            () = KILLER_STARTED.notified() => {}
        }
        bench.test.clock.advance(Duration::from_mins(2));
    }
    assert_eq!(bench.worker().run_due().await, 1);
    assert_eq!(KILLER_GAVE_UP.load(Ordering::SeqCst), 1);
    assert_eq!(bench.open_jobs().await, 0);
}

#[tokio::test]
async fn a_job_of_no_known_kind_is_given_up_at_once() {
    let bench = Bench::new().await;
    bench.enqueue("from the future", "a").await;
    assert_eq!(bench.worker().run_due().await, 1);
    assert_eq!(bench.open_jobs().await, 0);
}

#[tokio::test]
async fn a_job_that_waits_is_never_given_up() {
    let bench = Bench::new().await;
    bench.enqueue("waits", "a").await;
    for tries in 1..=20 {
        assert_eq!(bench.worker().run_due().await, 1);
        assert_eq!(WAITS.load(Ordering::SeqCst), tries);
        bench.test.clock.advance(Duration::from_mins(1));
    }
    assert_eq!(bench.open_jobs().await, 1);
}

#[tokio::test]
async fn stuck_jobs_do_not_hold_up_the_next() {
    let bench = Bench::new().await;
    for key in ["a", "b", "c"] {
        bench.enqueue("stuck", key).await;
    }
    bench.enqueue("quick", "d").await;
    let worker = bench.worker();
    tokio::select! {
        () = worker.run(std::future::pending()) => panic!("it was not told to stop"),
        () = QUICK_RAN.notified() => {}
    }
}

#[tokio::test]
async fn a_stopped_worker_ends_what_it_runs_and_starts_nothing_more() {
    let bench = Bench::new().await;
    bench.enqueue("slow", "a").await;
    let (stop, stopped) = oneshot::channel::<()>();
    let worker = tokio::spawn(bench.worker().run(async {
        let _ = stopped.await;
    }));
    SLOW_STARTED.notified().await;
    stop.send(()).unwrap();
    bench.enqueue("slow", "b").await;
    bench.platform.changed(&bench.agency.id);
    SLOW_MAY_END.notify_one();
    worker.await.unwrap();
    assert_eq!(SLOW_ENDED.load(Ordering::SeqCst), 1);
    assert_eq!(bench.open_jobs().await, 1, "the second is left to others");
}
