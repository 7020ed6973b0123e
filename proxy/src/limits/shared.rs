//! The counters that all edges share, in Redis.

use super::LimitMetrics;
use super::config::{LimitsError, SharedConfig};
use super::courier::Question;
use super::gcra::Decision;
use super::local::Decisions;
use latchkey_tenants::Clock;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, ErrorKind, RedisError, RedisResult, Script, ServerErrorKind};
use secrecy::ExposeSecret;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio::time::timeout;

/// For connecting, and for what no request waits for.
const PATIENCE: Duration = Duration::from_secs(1);
/// After so many calls in a row without an answer, requests wait no more until the counters answer again.
const FAILURES: u32 = 3;
/// An edge that was not there for so long is no longer counted.
const EDGE_GONE: Duration = Duration::from_secs(10);

pub(super) struct Shared {
    client: Client,
    /// Made at first use, because it belongs to the runtime that makes it.
    connection: OnceCell<ConnectionManager>,
    rule: Script,
    edges_script: Script,
    config: SharedConfig,
    clock: Arc<dyn Clock>,
    metrics: LimitMetrics,
    /// False until they first answered.
    up: AtomicBool,
    /// The log has said that they are away.
    told: AtomicBool,
    failures: AtomicU32,
    edges: AtomicU32,
}

/// They did not answer as they should. What happened is in the log and the metrics.
pub(super) struct Unanswered;

impl Shared {
    pub fn new(
        config: SharedConfig,
        clock: Arc<dyn Clock>,
        metrics: LimitMetrics,
    ) -> Result<Self, LimitsError> {
        Ok(Self {
            client: Client::open(config.url.expose_secret()).map_err(|_| LimitsError::Url)?,
            connection: OnceCell::new(),
            rule: Script::new(include_str!("gcra.lua")),
            edges_script: Script::new(include_str!("edges.lua")),
            config,
            clock,
            metrics,
            up: AtomicBool::new(false),
            told: AtomicBool::new(false),
            failures: AtomicU32::new(0),
            edges: AtomicU32::new(1),
        })
    }

    pub fn budget(&self) -> Duration {
        self.config.budget
    }

    pub fn prefix(&self) -> &str {
        &self.config.prefix
    }

    pub fn is_up(&self) -> bool {
        self.up.load(Ordering::Relaxed)
    }

    /// How many edges count together, with this one, as far as it has heard.
    pub fn edges(&self) -> u32 {
        self.edges.load(Ordering::Relaxed)
    }

    /// Decides over questions of one agency in one round trip.
    pub async fn decide(&self, questions: &[Question]) -> Result<Vec<Decisions>, Unanswered> {
        let start = self.clock.now();
        let command = self.command(questions, None, |_| 1);
        let reply = match timeout(self.config.budget, self.call(&command)).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) => return Err(self.failed(Some(&error))),
            Err(_late) => return Err(self.failed(None)),
        };
        let micros = self.clock.now().micros() - start.micros();
        self.metrics.backend_seconds.observe(micros as f64 / 1e6);
        let Some(answers) = answers(questions, &reply) else {
            return Err(self.failed(None));
        };
        self.failures.store(0, Ordering::Relaxed);
        Ok(answers)
    }

    /// Says that this edge is there and hears how many are; also finds out whether the counters answer at all.
    pub async fn call_in(&self) {
        let all = async {
            let mut connection = self.connection().await?;
            if !self.is_up() {
                self.rule.load_async(&mut connection).await?;
            }
            self.edges_script
                .key(format!("{}:edges", self.prefix()))
                .arg(&self.config.edge)
                .arg(EDGE_GONE.as_millis() as u64)
                .invoke_async::<u32>(&mut connection)
                .await
        };
        match timeout(PATIENCE, all).await {
            Ok(Ok(edges)) => self.answered(edges.max(1)),
            Ok(Err(error)) => self.down(Some(&error)),
            Err(_late) => self.down(None),
        }
    }

    fn answered(&self, edges: u32) {
        self.edges.store(edges, Ordering::Relaxed);
        self.metrics.edges.set(i64::from(edges));
        self.failures.store(0, Ordering::Relaxed);
        if !self.up.swap(true, Ordering::Relaxed) {
            self.told.store(false, Ordering::Relaxed);
            self.metrics.backend_up.set(1);
            tracing::info!(edges, "the shared limit counters answer");
        }
    }

    fn failed(&self, error: Option<&RedisError>) -> Unanswered {
        self.metrics.backend_failures.inc();
        let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
        let cut = error.is_some_and(|error| error.is_io_error() && !error.is_timeout());
        if cut || failures >= FAILURES {
            self.down(error);
        }
        Unanswered
    }

    fn down(&self, error: Option<&RedisError>) {
        self.up.store(false, Ordering::Relaxed);
        self.metrics.backend_up.set(0);
        if !self.told.swap(true, Ordering::Relaxed) {
            let error = error.map_or_else(|| "no answer in time".to_owned(), ToString::to_string);
            tracing::warn!(
                error,
                "the shared limit counters are away; this edge counts alone"
            );
        }
    }

    pub async fn connection(&self) -> RedisResult<ConnectionManager> {
        let make = async || {
            let config = ConnectionManagerConfig::new()
                .set_connection_timeout(Some(PATIENCE))
                .set_response_timeout(Some(PATIENCE))
                // The next call in tries again.
                .set_number_of_retries(0);
            self.client.get_connection_manager_lazy(config)
        };
        self.connection.get_or_try_init(make).await.cloned()
    }

    pub async fn call(&self, command: &Cmd) -> RedisResult<Vec<i64>> {
        let mut connection = self.connection().await?;
        let reply = command.query_async(&mut connection).await;
        match reply {
            // Restarted, or told to forget its scripts.
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                self.rule.load_async(&mut connection).await?;
                command.query_async(&mut connection).await
            }
            reply => reply,
        }
    }

    /// `now` is the script's own clock, and `cost` (by question) 1, in all but tests.
    pub fn command(
        &self,
        questions: &[Question],
        now: Option<i64>,
        cost: impl Fn(usize) -> i64,
    ) -> Cmd {
        let members = || {
            questions
                .iter()
                .flat_map(|question| question.asked.members())
        };
        let mut command = redis::cmd("EVALSHA");
        command.arg(self.rule.get_hash()).arg(members().count());
        let mut name = String::new();
        for (_, member, key) in members() {
            name.clear();
            let _infallible = write!(
                name,
                "{}:limit:{{{}}}:{}:{}",
                self.prefix(),
                key.agency,
                member.policy.name,
                key.who
            );
            command.arg(&name);
        }
        match now {
            Some(now) => command.arg(now),
            None => command.arg(""),
        };
        for (place, question) in questions.iter().enumerate() {
            command.arg(question.asked.plan.members.len());
            for (_, member, _) in question.asked.members() {
                let rate = member.rate();
                command
                    .arg(rate.interval())
                    .arg(rate.burst())
                    .arg(cost(place));
                command.arg(u8::from(!member.policy.shadow));
            }
        }
        command
    }
}

/// `None` where the reply has not the shape that the script promises.
pub(super) fn answers(questions: &[Question], reply: &[i64]) -> Option<Vec<Decisions>> {
    let (&now, mut rest) = reply.split_first()?;
    let answers = questions.iter().map(|question| {
        let mut decisions = Decisions::default();
        for (place, _, _) in question.asked.members() {
            let (&[allowed, remaining, retry_after, reset_after], left) =
                rest.split_first_chunk::<4>()?;
            rest = left;
            decisions[place] = Decision {
                allowed: allowed == 1,
                remaining,
                retry_after,
                reset_after,
                tat: now + reset_after,
            };
        }
        Some(decisions)
    });
    answers.collect()
}
