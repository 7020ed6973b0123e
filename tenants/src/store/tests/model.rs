//! Random lives of a request, on SQLite, against a model that is small enough to be read.

use std::time::Duration;

use proptest::prelude::*;

use super::world::{World, expecting, refs, slot};
use crate::{
    ActionError, GateState, ItemStatus, Lifetime, MAX_RESENDS, RESEND_PAUSE, Request,
    RequestStatus, Slot, Timestamp,
};

#[derive(Clone, Copy, Debug)]
enum Step {
    Wait(Duration),
    Send,
    Resend,
    MakeLink,
    Cancel,
    Expire,
    Renew,
    /// The client comes back for this item, with the account that the second one expects or with another.
    Fulfil(usize, bool),
    Decline(usize),
    /// Its connection is revoked, if it has one.
    Revoke(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let waits = [
        RESEND_PAUSE / 2,
        RESEND_PAUSE,
        Lifetime::MAILED.duration() / 2,
    ];
    prop_oneof![
        3 => prop::sample::select(waits.to_vec()).prop_map(Step::Wait),
        2 => Just(Step::Send),
        3 => Just(Step::Resend),
        1 => Just(Step::MakeLink),
        1 => Just(Step::Cancel),
        1 => Just(Step::Expire),
        1 => Just(Step::Renew),
        4 => (0..2usize, any::<bool>()).prop_map(|(item, right)| Step::Fulfil(item, right)),
        1 => (0..2usize).prop_map(Step::Decline),
        2 => (0..2usize).prop_map(Step::Revoke),
    ]
}

/// What a request is, without a database. Item 0 takes any account, item 1 expects one.
#[derive(Clone, Debug)]
struct Model {
    now: Timestamp,
    status: RequestStatus,
    items: [ItemStatus; 2],
    expires_at: Timestamp,
    resends: i64,
    sent_at: Timestamp,
    renewed: bool,
}

impl Model {
    fn new(now: Timestamp) -> Self {
        Self {
            now,
            status: RequestStatus::Queued,
            items: [ItemStatus::Pending; 2],
            expires_at: now,
            resends: 0,
            sent_at: now,
            renewed: false,
        }
    }

    fn late(&self) -> bool {
        self.status == RequestStatus::Sent && self.expires_at <= self.now
    }

    fn open(&self) -> bool {
        self.status == RequestStatus::Sent && !self.late()
    }

    fn take(&mut self, step: Step) -> Result<(), &'static str> {
        match step {
            Step::Wait(by) => self.now = self.now.plus(by),
            Step::Send if self.status != RequestStatus::Queued => return Err("not_queued"),
            Step::Send => self.sent(),
            Step::Resend => return self.resend(),
            Step::MakeLink if self.open() || self.status == RequestStatus::Queued => self.sent(),
            Step::MakeLink => return Err("nothing_pending"),
            Step::Cancel if self.open() || self.status == RequestStatus::Queued => {
                self.end(RequestStatus::Cancelled, ItemStatus::Cancelled);
            }
            Step::Cancel => return Err("not_open"),
            Step::Expire => self.expire(),
            Step::Renew => return self.renew(),
            Step::Fulfil(item, right) => return self.fulfil(item, right),
            Step::Decline(_) if !self.open() => return Err("request_ended"),
            Step::Decline(item) => return self.decline(item),
            Step::Revoke(item) => {
                if self.items[item] == ItemStatus::Fulfilled {
                    self.items[item] = ItemStatus::Revoked;
                }
            }
        }
        Ok(())
    }

    fn sent(&mut self) {
        self.status = RequestStatus::Sent;
        self.sent_at = self.now;
        self.expires_at = self.now.plus(Lifetime::MAILED.duration());
    }

    fn resend(&mut self) -> Result<(), &'static str> {
        if !self.open() {
            let done = self.status == RequestStatus::Completed;
            return Err(if done { "nothing_pending" } else { "not_sent" });
        }
        if self.resends >= MAX_RESENDS {
            return Err("resend_limit");
        }
        if self.resends > 0 && self.now < self.sent_at.plus(RESEND_PAUSE) {
            return Err("resend_too_soon");
        }
        self.resends += 1;
        self.sent();
        Ok(())
    }

    fn end(&mut self, status: RequestStatus, item: ItemStatus) {
        self.status = status;
        for open in self.items.iter_mut().filter(|status| status.is_open()) {
            *open = item;
        }
    }

    fn expire(&mut self) {
        if self.late() {
            self.end(RequestStatus::Expired, ItemStatus::Expired);
        }
    }

    fn renew(&mut self) -> Result<(), &'static str> {
        self.expire();
        if self.renewed {
            return Err("renewed_already");
        }
        if self.status != RequestStatus::Expired {
            return Err("not_expired");
        }
        self.renewed = true;
        Ok(())
    }

    fn fulfil(&mut self, item: usize, right: bool) -> Result<(), &'static str> {
        match self.items[item] {
            ItemStatus::Fulfilled => return Err("item_moved"),
            _ if !self.open() => return Err("request_ended"),
            status if !status.is_open() => return Err("item_ended"),
            _ => {}
        }
        self.items[item] = if right || item == 0 {
            ItemStatus::Fulfilled
        } else {
            ItemStatus::Held
        };
        self.settle();
        Ok(())
    }

    fn decline(&mut self, item: usize) -> Result<(), &'static str> {
        if self.items[item] == ItemStatus::Declined {
            return Ok(());
        }
        if !self.items[item].is_open() {
            return Err("item_moved");
        }
        self.items[item] = ItemStatus::Declined;
        self.settle();
        Ok(())
    }

    fn settle(&mut self) {
        if !self.items.iter().any(|item| item.is_open()) {
            self.status = RequestStatus::Completed;
        }
    }
}

/// The same step in the store.
async fn take(world: &World, request: &Request, step: Step) -> Result<(), &'static str> {
    let id = &request.id;
    let result = match step {
        Step::Wait(by) => {
            world.later(by);
            Ok(())
        }
        Step::Fulfil(item, right) => {
            let account = if right { "T01" } else { "T02" };
            let fulfilled = world.fulfil(&request.items[item].id, Some(account)).await;
            fulfilled.map(drop)
        }
        step => {
            let now = world.request_now(request).await;
            world
                .write(async |tx| match step {
                    Step::Send => tx.request_send(id, "staff").await.map(drop),
                    Step::Resend => tx.request_resend(id, "staff").await.map(drop),
                    Step::MakeLink => tx.request_make_link(id, "staff").await.map(drop),
                    Step::Cancel => tx.request_cancel(id, "staff").await.map(drop),
                    Step::Expire => tx.request_expire(id).await,
                    Step::Renew => tx.request_renew(id, "staff").await.map(drop),
                    Step::Decline(item) => {
                        let item = &request.items[item].id;
                        tx.item_decline(item, None, "recipient").await.map(drop)
                    }
                    Step::Revoke(item) => match &now.items[item].connection_id {
                        Some(connection) => tx.connection_revoked(connection, "staff").await,
                        None => Ok(()),
                    },
                    Step::Wait(_) | Step::Fulfil(..) => unreachable!("taken above"),
                })
                .await
        }
    };
    match result {
        Ok(()) => Ok(()),
        Err(ActionError::Conflict { code, .. }) => Err(code),
        Err(error) => panic!("{error:?}"),
    }
}

async fn live(steps: Vec<Step>) {
    let world = World::sqlite().await;
    let slots = vec![slot("slack"), expecting("gmail", "T01")];
    let workflow = world.workflow(slots).await;
    let request = world.queued(refs(&workflow)).await;
    let mut model = Model::new(world.store.now());
    for step in steps {
        let expected = model.take(step);
        assert_eq!(take(&world, &request, step).await, expected, "{step:?}");
        let now = world.request_now(&request).await;
        let items: Vec<_> = now.items.iter().map(|item| item.status).collect();
        assert_eq!(
            (now.status, &items[..], now.resends),
            (model.status, &model.items[..], model.resends),
            "after {step:?}"
        );
        let from = format!("links where request_id = '{}' and ended_at is null", now.id);
        let opens = [RequestStatus::Sent, RequestStatus::Completed].contains(&now.status);
        assert_eq!(world.count(&from).await, i64::from(opens));
    }
    let workflow = world.workflow_now(&workflow).await;
    let missing = workflow.slots.iter().filter_map(Slot::missing).count();
    assert_eq!(workflow.gate.state == GateState::Open, missing == 0);
    let living = world.count("connections where status <> 'revoked'").await;
    assert_eq!(world.count("credentials").await, living);
    let broken = world.read(async |tx| tx.first_broken_event().await).await;
    assert_eq!(broken.unwrap(), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn a_request_lives_as_its_model(steps in prop::collection::vec(step(), 1..30)) {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(live(steps));
    }
}
