//! The time limits that pingora does not have: an HTTP/1 connection's header, its silence between requests, and the whole
//! of a request on either version.
//!
//! A connection's future runs inside [`connection`], an HTTP/2 request's inside [`stream`]. The code within tells where it
//! is; when the time of that is up, the future is dropped, and with it the connection or the stream.

use super::config::Deadlines;
use std::cell::Cell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use tokio::time::{Instant, Sleep, sleep_until};

tokio::task_local! {
    static STAGE: Stage;
}

struct Stage {
    phase: Cell<Phase>,
    /// None: no limit.
    deadline: Cell<Option<Instant>>,
    deadlines: Deadlines,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Idle,
    Header,
    Request,
    /// A request whose total time is not limited.
    Open,
}

impl Stage {
    fn new(deadlines: Deadlines, phase: Phase) -> Self {
        let stage = Self {
            phase: Cell::new(phase),
            deadline: Cell::new(None),
            deadlines,
        };
        stage.enter(phase);
        stage
    }

    fn enter(&self, phase: Phase) {
        let time = match phase {
            Phase::Idle => Some(self.deadlines.idle),
            Phase::Header => Some(self.deadlines.header),
            Phase::Request => Some(self.deadlines.total),
            Phase::Open => None,
        };
        self.phase.set(phase);
        self.deadline.set(time.map(|time| Instant::now() + time));
    }
}

/// An HTTP/1 connection. Err: its time was up in that phase.
pub(crate) async fn connection<F: Future>(
    deadlines: Deadlines,
    inside: F,
) -> Result<F::Output, Phase> {
    let stage = Stage::new(deadlines, Phase::Idle);
    STAGE.scope(stage, watched(inside)).await
}

/// One request of an HTTP/2 connection.
pub(crate) async fn stream<F: Future>(deadlines: Deadlines, inside: F) -> Result<F::Output, Phase> {
    let stage = Stage::new(deadlines, Phase::Request);
    STAGE.scope(stage, watched(inside)).await
}

/// Bytes of a client have come; between requests they begin the next header.
pub(crate) fn bytes_came() {
    let _ = STAGE.try_with(|stage| {
        if stage.phase.get() == Phase::Idle {
            stage.enter(Phase::Header);
        }
    });
}

pub(crate) fn request_begins() {
    let _ = STAGE.try_with(|stage| stage.enter(Phase::Request));
}

/// The request may last as long as it likes.
pub(crate) fn lift() {
    let _ = STAGE.try_with(|stage| stage.enter(Phase::Open));
}

pub(crate) fn request_ends() {
    let _ = STAGE.try_with(|stage| stage.enter(Phase::Idle));
}

/// Whether the connection is waiting for a request, or for the rest of its header.
pub(crate) fn awaits_request() -> bool {
    STAGE
        .try_with(|stage| matches!(stage.phase.get(), Phase::Idle | Phase::Header))
        .unwrap_or(false)
}

async fn watched<F: Future>(inside: F) -> Result<F::Output, Phase> {
    Watched {
        inside: pin!(inside),
        timer: None,
    }
    .await
}

struct Watched<'a, F> {
    inside: Pin<&'a mut F>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<F: Future> Future for Watched<'_, F> {
    type Output = Result<F::Output, Phase>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(output) = self.inside.as_mut().poll(cx) {
            return Poll::Ready(Ok(output));
        }
        STAGE.with(|stage| {
            let Some(deadline) = stage.deadline.get() else {
                self.timer = None;
                return Poll::Pending;
            };
            let timer = self
                .timer
                .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
            if timer.deadline() > deadline {
                timer.as_mut().reset(deadline);
            }
            // A timer that is set too early costs one look more; setting it anew for every request would cost more.
            while timer.as_mut().poll(cx).is_ready() {
                if timer.deadline() >= deadline {
                    return Poll::Ready(Err(stage.phase.get()));
                }
                timer.as_mut().reset(deadline);
            }
            Poll::Pending
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use std::time::Duration;
    use tokio::time::{advance, sleep};

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn deadlines() -> Deadlines {
        Deadlines {
            idle: seconds(60),
            header: seconds(10),
            total: seconds(30),
            ..Deadlines::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_phase_has_its_own_time() {
        let started = Instant::now();
        let ended = connection(deadlines(), async {
            sleep(seconds(59)).await;
            bytes_came();
            assert!(awaits_request());
            sleep(seconds(9)).await;
            bytes_came();
            request_begins();
            assert!(!awaits_request());
            sleep(seconds(29)).await;
            request_ends();
            pending::<()>().await;
        });
        assert_eq!(ended.await, Err(Phase::Idle));
        assert_eq!(started.elapsed().as_secs(), 59 + 9 + 29 + 60);
    }

    #[tokio::test(start_paused = true)]
    async fn a_drip_of_bytes_does_not_extend_a_header() {
        let started = Instant::now();
        let ended = connection(deadlines(), async {
            for _ in 0..100 {
                bytes_came();
                sleep(seconds(1)).await;
            }
        });
        assert_eq!(ended.await.err(), Some(Phase::Header));
        assert_eq!(started.elapsed().as_secs(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lifted_request_lasts() {
        let ended = stream(deadlines(), async {
            lift();
            advance(seconds(1000)).await;
            sleep(seconds(1000)).await;
            7
        });
        assert_eq!(ended.await, Ok(7));
        let ended = stream(deadlines(), sleep(seconds(31)));
        assert_eq!(ended.await, Err(Phase::Request));
    }

    #[tokio::test]
    async fn outside_of_a_connection_nothing_is_limited() {
        bytes_came();
        request_begins();
        lift();
        request_ends();
        assert!(!awaits_request());
    }
}
