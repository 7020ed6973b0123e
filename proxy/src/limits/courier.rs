//! Carries an agency's questions to the shared counters: one call at a time, with all that gathered meanwhile.
//!
//! So an agency has one place in the line before Redis, however many requests it floods the edge with, and the more it
//! has to ask, the more goes into one call. Without a flood nothing waits.

use super::concurrency::Agency;
use super::local::{Asked, Decisions};
use super::shared::Shared;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Most questions in one call. Redis answers nobody else meanwhile, so a call stays well below a millisecond.
const BATCH: usize = 64;
/// Most questions of one agency that wait. Whoever comes later is decided over by this edge alone.
const WAITING: usize = 1024;

#[derive(Default)]
pub(super) struct Queue(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    questions: VecDeque<Question>,
    /// A courier is on its way and will come back for the rest.
    under_way: bool,
}

pub(super) struct Question {
    pub asked: Asked,
    /// Dropped without an answer: the counters could not be asked.
    pub answer: oneshot::Sender<Decisions>,
}

/// Asks, for as long as the budget lasts. `None`: not answered.
pub(super) async fn ask(
    shared: &Arc<Shared>,
    agency: &Arc<Agency>,
    asked: &Asked,
) -> Option<Decisions> {
    let (answer, answered) = oneshot::channel();
    let question = Question {
        asked: asked.clone(),
        answer,
    };
    if agency.queue.push(question)? == Courier::Needed {
        tokio::spawn(carry(shared.clone(), agency.clone()));
    }
    tokio::time::timeout(shared.budget(), answered)
        .await
        .ok()?
        .ok()
}

async fn carry(shared: Arc<Shared>, agency: Arc<Agency>) {
    let mut lost = Lost(Some(&agency.queue));
    while let Some(batch) = agency.queue.next_batch() {
        // On failure the questions are dropped with the batch, which is an answer too.
        if let Ok(answers) = shared.decide(&batch).await {
            for (question, decisions) in batch.into_iter().zip(answers) {
                let _gone = question.answer.send(decisions);
            }
        }
    }
    lost.0 = None;
}

#[derive(PartialEq, Eq)]
enum Courier {
    Needed,
    UnderWay,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `None`: too many wait already.
    fn push(&self, question: Question) -> Option<Courier> {
        let mut waiting = self.lock();
        if waiting.questions.len() >= WAITING {
            return None;
        }
        waiting.questions.push_back(question);
        match std::mem::replace(&mut waiting.under_way, true) {
            true => Some(Courier::UnderWay),
            false => Some(Courier::Needed),
        }
    }

    /// `None`: nobody waits, and the next question needs a new courier.
    fn next_batch(&self) -> Option<Vec<Question>> {
        let mut waiting = self.lock();
        // Who has given up waiting is not asked for: it was decided over elsewhere.
        waiting
            .questions
            .retain(|question| !question.answer.is_closed());
        if waiting.questions.is_empty() {
            waiting.under_way = false;
            return None;
        }
        let count = waiting.questions.len().min(BATCH);
        Some(waiting.questions.drain(..count).collect())
    }
}

/// A courier whose runtime ended on the way must not be waited for.
struct Lost<'a>(Option<&'a Queue>);

impl Drop for Lost<'_> {
    fn drop(&mut self) {
        if let Some(queue) = self.0 {
            let mut waiting = queue.lock();
            waiting.under_way = false;
            waiting.questions.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::key::{AgencyKey, Who};
    use crate::limits::plan::{ClassPlan, MEMBERS};

    fn question() -> (Question, oneshot::Receiver<Decisions>) {
        let (answer, answered) = oneshot::channel();
        let asked = Asked {
            agency: AgencyKey::of(&format!("agy_{:026}", 1).parse().unwrap()),
            client: Who::V4(1),
            plan: Arc::new(ClassPlan {
                members: Vec::with_capacity(MEMBERS),
                agency_wide: 0,
            }),
        };
        (Question { asked, answer }, answered)
    }

    #[test]
    fn one_courier_goes_and_takes_what_gathers() {
        let queue = Queue::default();
        let mut waiting = Vec::new();
        for number in 0..BATCH + 5 {
            let (question, answered) = question();
            let courier = queue.push(question).unwrap();
            assert!((courier == Courier::Needed) == (number == 0));
            waiting.push(answered);
        }
        drop(waiting.remove(0));
        assert_eq!(queue.next_batch().unwrap().len(), BATCH);
        assert_eq!(queue.next_batch().unwrap().len(), 4, "one has given up");
        assert!(queue.next_batch().is_none());
        assert!(queue.push(question().0).unwrap() == Courier::Needed);
    }

    #[test]
    fn the_line_has_an_end() {
        let queue = Queue::default();
        for _ in 0..WAITING {
            assert!(queue.push(question().0).is_some());
        }
        assert!(queue.push(question().0).is_none());
    }

    #[tokio::test]
    async fn a_lost_courier_is_replaced() {
        let queue = Queue::default();
        let (first, answered) = question();
        queue.push(first).unwrap();
        drop(Lost(Some(&queue)));
        assert!(answered.await.is_err(), "whoever waits is told");
        assert!(queue.push(question().0).unwrap() == Courier::Needed);
    }
}
