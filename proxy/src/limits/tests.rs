//! The rule, the table and the script decide alike.

use super::courier::Question;
use super::gcra::{Decision, Rate, decide};
use super::key::{AgencyKey, Key, Who};
use super::local::{self, Asked, Decisions};
use super::plan::{Member, plans};
use super::shared::{Shared, answers};
use super::table::{Table, WhenFull};
use super::{LimitMetrics, LimitsConfig, Policy, Scope, SharedConfig, WhenAlone};
use crate::RouteClass;
use latchkey_tenants::{Clock, Entropy, SystemClock, SystemEntropy};
use prometheus::Registry;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

const NOON: i64 = 1_795_417_200_000_000;

#[derive(Clone, Debug)]
struct Step {
    /// In intervals of the first policy.
    pause: f64,
    client: u8,
    cost: i64,
}

/// The rule over several policies, written as plainly as it can be: none is used unless all allow it.
#[derive(Default)]
struct Model(HashMap<Key, i64>);

impl Model {
    fn decide(&mut self, asked: &Asked, now: i64, cost: impl Fn(&Member) -> i64) -> Decisions {
        let mut decisions = Decisions::default();
        for (place, member, key) in asked.members() {
            let tat = self.0.get(&key).copied().unwrap_or(0);
            decisions[place] = decide(tat, now, member.rate(), cost(member));
        }
        let refused = asked.refused_by(&decisions).is_some();
        for (place, member, key) in asked.members() {
            let decision = &mut decisions[place];
            if decision.allowed && refused {
                let tat = self.0.get(&key).copied().unwrap_or(0);
                *decision = decide(tat, now, member.rate(), 0);
            } else if decision.allowed {
                self.0.insert(key, decision.tat);
            }
        }
        decisions
    }
}

/// What clients and the operator can see of decisions.
fn seen(asked: &Asked, decisions: &Decisions) -> Vec<(bool, i64, i64, i64)> {
    let count = asked.plan.members.len();
    decisions[..count].iter().map(visible).collect()
}

fn visible(decision: &Decision) -> (bool, i64, i64, i64) {
    (
        decision.allowed,
        decision.remaining,
        decision.retry_after,
        decision.reset_after,
    )
}

fn asked(policies: &[Policy], client: u8) -> Asked {
    let config = LimitsConfig {
        policies: policies.to_vec(),
        ..LimitsConfig::default()
    };
    let metrics = LimitMetrics::register(&Registry::new()).unwrap();
    Asked {
        agency: AgencyKey::of(&format!("agy_{:026}", 7).parse().unwrap()),
        client: Who::V4(client.into()),
        plan: plans(&config, &metrics)[RouteClass::Page.index()].clone(),
    }
}

fn policy(name: &str, scope: Scope, rate: Rate, shadow: bool) -> Policy {
    Policy {
        name: name.to_owned(),
        scope,
        classes: vec![RouteClass::Page],
        rate,
        when_alone: WhenAlone::Share,
        shadow,
    }
}

fn policies() -> impl Strategy<Value = Vec<Policy>> {
    let one = (1_u64..3_000_000, 3_u32..40, any::<bool>(), 0..4_u8);
    proptest::collection::vec(one, 1..=4).prop_map(|drafts| {
        let named = drafts.into_iter().enumerate();
        named
            .map(|(number, (micros, burst, whole, shadow))| {
                let scope = if whole { Scope::Agency } else { Scope::Client };
                let rate = Rate::every(Duration::from_micros(micros), burst).unwrap();
                policy(&format!("p{number}"), scope, rate, shadow == 0)
            })
            .collect()
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let pause = prop_oneof![4 => 0.0..1.5_f64, 1 => 0.0..60.0_f64, 4 => Just(0.0)];
    let step = (pause, 0..3_u8, 1..=3_i64).prop_map(|(pause, client, cost)| Step {
        pause,
        client,
        cost,
    });
    proptest::collection::vec(step, 1..150)
}

fn moment(now: &mut i64, policies: &[Policy], step: &Step) -> i64 {
    *now += (step.pause * policies[0].rate.interval() as f64) as i64;
    *now
}

proptest! {
    #[test]
    fn the_table_decides_by_the_rule(policies in policies(), steps in steps()) {
        let (table, mut model, mut now) = (Table::new(1000), Model::default(), NOON);
        let asked = [0, 1, 2].map(|client| asked(&policies, client));
        for (number, step) in steps.iter().enumerate() {
            let now = moment(&mut now, &policies, step);
            let asked = &asked[usize::from(step.client)];
            let expected = model.decide(asked, now, |_| step.cost);
            let decided = local::take(&table, asked, now, |_| step.cost);
            prop_assert_eq!(seen(asked, &decided), seen(asked, &expected), "step {}", number);
            if number % 20 == 19 {
                table.sweep(now);
            }
        }
    }
}

struct Redis {
    runtime: tokio::runtime::Runtime,
    url: String,
}

impl Redis {
    /// None, and says so, where no server is named.
    fn for_this_test() -> Option<Self> {
        #[expect(clippy::disallowed_methods, reason = "a test has no settings")]
        let Ok(url) = std::env::var("LATCHKEY_TEST_REDIS") else {
            println!("left out: LATCHKEY_TEST_REDIS is not set");
            return None;
        };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        Some(Self { runtime, url })
    }

    /// Counters that nobody else uses.
    fn counters(&self) -> Shared {
        let entropy = SystemEntropy::new();
        let entropy: &dyn Entropy = &entropy;
        let config = SharedConfig {
            prefix: format!("test-{}", entropy.short_token()),
            ..SharedConfig::new(self.url.clone().into(), "edge")
        };
        let metrics = LimitMetrics::register(&Registry::new()).unwrap();
        Shared::new(config, Arc::new(SystemClock), metrics).unwrap()
    }

    /// As the courier asks, except that a test may say the time and the cost.
    fn decide(
        &self,
        shared: &Shared,
        batch: &[(&Asked, i64)],
        now: Option<i64>,
    ) -> (i64, Vec<Decisions>) {
        let questions: Vec<_> = batch
            .iter()
            .map(|(asked, _)| Question {
                asked: (*asked).clone(),
                answer: oneshot::channel().0,
            })
            .collect();
        let command = shared.command(&questions, now, |place| batch[place].1);
        let reply = self.runtime.block_on(shared.call(&command)).unwrap();
        (reply[0], answers(&questions, &reply).unwrap())
    }
}

#[test]
fn the_script_decides_by_the_rule() {
    let Some(redis) = Redis::for_this_test() else {
        return;
    };
    let mut runner = TestRunner::new(Config::with_cases(64));
    let outcome = runner.run(
        &(policies(), steps(), 1_usize..8),
        |(policies, steps, batch)| {
            let shared = redis.counters();
            let (mut model, mut now) = (Model::default(), NOON);
            let asked = [0, 1, 2].map(|client| asked(&policies, client));
            for steps in steps.chunks(batch) {
                let now = moment(&mut now, &policies, &steps[0]);
                let questions: Vec<_> = steps
                    .iter()
                    .map(|step| (&asked[usize::from(step.client)], step.cost))
                    .collect();
                let (told, answers) = redis.decide(&shared, &questions, Some(now));
                prop_assert_eq!(told, now);
                for ((asked, cost), answer) in questions.iter().zip(&answers) {
                    let expected = model.decide(asked, now, |_| *cost);
                    prop_assert_eq!(seen(asked, answer), seen(asked, &expected));
                }
            }
            Ok(())
        },
    );
    outcome.unwrap();
}

#[test]
fn the_script_keeps_its_own_time_and_forgets_what_is_full_again() {
    let Some(redis) = Redis::for_this_test() else {
        return;
    };
    let shared = redis.counters();
    let rate = Rate::every(Duration::from_micros(700), 5).unwrap();
    let asked = asked(&[policy("own", Scope::Client, rate, false)], 1);
    let mut model = Model::default();
    let start = SystemClock.now().micros();
    for _ in 0..300 {
        let (now, answers) = redis.decide(&shared, &[(&asked, 1)], None);
        assert!(
            (now - start).abs() < 600_000_000,
            "microseconds since 1970: {now}"
        );
        let expected = model.decide(&asked, now, |_| 1);
        assert_eq!(seen(&asked, &answers[0]), seen(&asked, &expected));
    }
    redis.runtime.block_on(async {
        let mut connection = shared.connection().await.unwrap();
        let keys: Vec<String> = redis::cmd("KEYS")
            .arg(format!("{}:*", shared.prefix()))
            .query_async(&mut connection)
            .await
            .unwrap();
        for key in keys {
            assert!(key.ends_with(":own:00000001"), "{key}");
            let left: i64 = redis::cmd("PTTL")
                .arg(&key)
                .query_async(&mut connection)
                .await
                .unwrap();
            // -2: gone between the two questions.
            assert!(
                left == -2 || (0..=4).contains(&left),
                "{key} stays for {left} ms"
            );
        }
    });
}

#[test]
fn a_full_table_takes_agencies_and_crowds_clients_where_that_is_safer() {
    let table = Table::new(2);
    let rate = Rate::per_second(1, 2).unwrap();
    let asked = asked(&[policy("own", Scope::Client, rate, false)], 1);
    let key = |client| Key {
        who: Who::V4(client),
        ..asked.members().next().unwrap().2
    };
    let take = |client, full| table.take(&key(client), NOON, rate, 1, full).allowed;
    assert!(take(1, WhenFull::Share) && take(2, WhenFull::Share));
    assert!([take(3, WhenFull::Share), take(4, WhenFull::Share)] == [true, true]);
    assert!(
        !take(5, WhenFull::Share),
        "the crowd has one allowance together"
    );
    assert!(take(5, WhenFull::Forget));
    assert!(take(1, WhenFull::Share), "who is known stays known");
    assert!(!take(1, WhenFull::Share));
    assert_eq!((table.turned_away(), table.turned_away()), (4, 0));

    let agency = Key {
        who: Who::Everybody,
        ..key(1)
    };
    table.take(&agency, NOON, rate, 2, WhenFull::Forget);
    assert!(!table.look(&agency, NOON, rate, 1).allowed);

    let later = NOON + rate.window();
    assert_eq!(
        table.sweep(later - 1),
        3,
        "the first client, the crowd and the agency used all they had"
    );
    assert_eq!(table.sweep(later), 0);
    assert!(take(6, WhenFull::Forget));
    assert_eq!(table.turned_away(), 0);
}

#[test]
fn a_share_is_the_same_rule_at_a_higher_cost() {
    let rate = Rate::per_second(10, 30).unwrap();
    let asked = asked(&[policy("own", Scope::Client, rate, false)], 1);
    let member = &asked.plan.members[0];
    assert_eq!(
        [1, 3, 30, 500].map(|edges| member.cost_alone(edges)),
        [1, 3, 30, 30]
    );
    let table = Table::new(10);
    let mut passed = 0;
    for tenth in 0..600 {
        let decisions = local::take(&table, &asked, NOON + tenth * 100_000, |member| {
            member.cost_alone(3)
        });
        passed += i64::from(decisions[0].allowed);
    }
    // A third of 30 at once and of 10 a second for a minute.
    assert!((200..=210).contains(&passed), "{passed}");
}
