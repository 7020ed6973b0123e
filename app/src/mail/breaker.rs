use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use latchkey_tenants::{AgencyId, Clock, Timestamp};

/// Keeps an agency's relay that does not answer from taking the turns of others: after three mails in a row that got no
/// answer it is left alone for a minute, then one mail tries it.
pub(crate) struct Breaker {
    lines: Mutex<HashMap<AgencyId, Line>>,
    clock: Arc<dyn Clock>,
}

#[derive(Clone, Copy, Default)]
struct Line {
    failures: u32,
    open_until: Option<Timestamp>,
    /// Mails on their way through it.
    running: u32,
}

const FAILURES: u32 = 3;
const PAUSE: Duration = Duration::from_mins(1);
/// Of the worker's places ([`latchkey_themes::smtp::CONNECTIONS`]), so that others always have some.
const AT_ONCE: u32 = 2;
/// When all of an agency's places are taken.
const QUEUE: Duration = Duration::from_secs(1);

impl Breaker {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            lines: Mutex::default(),
            clock,
        }
    }

    /// A place on the agency's line, or how long to wait for one.
    pub fn enter(&self, agency: &AgencyId) -> Result<Place<'_>, Duration> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let line = lines.entry(agency.clone()).or_default();
        let now = self.clock.now();
        if let Some(until) = line.open_until.filter(|until| now < *until) {
            let wait = until.micros().saturating_sub(now.micros());
            return Err(Duration::from_micros(wait.unsigned_abs()));
        }
        // One that failed is tried by one mail alone.
        let room = if line.failures > 0 { 1 } else { AT_ONCE };
        if line.running >= room {
            return Err(QUEUE);
        }
        line.running += 1;
        Ok(Place {
            breaker: self,
            agency: agency.clone(),
        })
    }

    fn note(&self, agency: &AgencyId, change: impl FnOnce(&mut Line, Timestamp)) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.get_mut(agency) {
            change(line, self.clock.now());
            if line.running == 0 && line.failures == 0 {
                lines.remove(agency);
            }
        }
    }
}

/// A mail on its way through an agency's relay.
pub(crate) struct Place<'a> {
    breaker: &'a Breaker,
    agency: AgencyId,
}

impl Place<'_> {
    /// The relay answered, whatever it said.
    pub fn answered(self) {
        self.breaker.note(&self.agency, |line, _| {
            line.failures = 0;
            line.open_until = None;
        });
    }

    /// Nothing usable came back.
    pub fn silent(self) {
        self.breaker.note(&self.agency, |line, now| {
            line.failures += 1;
            if line.failures >= FAILURES {
                line.open_until = Some(now.plus(PAUSE));
            }
        });
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.breaker.note(&self.agency, |line, _| {
            line.running = line.running.saturating_sub(1);
        });
    }
}

#[cfg(test)]
mod tests {
    use latchkey_tenants::{ManualClock, SeededEntropy, testing::START};

    use super::*;

    #[test]
    fn three_silences_close_the_line_of_one_agency_for_a_minute() {
        let clock = Arc::new(ManualClock::at(START));
        let entropy = SeededEntropy::new(1);
        let (one, other) = (
            AgencyId::new(&*clock, &entropy),
            AgencyId::new(&*clock, &entropy),
        );
        let breaker = Breaker::new(Arc::clone(&clock) as Arc<dyn Clock>);
        for _ in 0..3 {
            breaker.enter(&one).ok().unwrap().silent();
        }
        assert_eq!(breaker.enter(&one).err(), Some(PAUSE));
        breaker.enter(&other).ok().unwrap().answered();
        clock.advance(PAUSE);
        let trial = breaker.enter(&one).ok().unwrap();
        assert_eq!(breaker.enter(&one).err(), Some(QUEUE), "one mail tries");
        trial.silent();
        assert!(breaker.enter(&one).is_err(), "and closes it again");
        clock.advance(PAUSE);
        breaker.enter(&one).ok().unwrap().answered();
        let (a, b) = (breaker.enter(&one).ok(), breaker.enter(&one).ok());
        assert!(a.is_some() && b.is_some() && breaker.enter(&one).is_err());
        drop((a, b));
        assert!(breaker.lines.lock().unwrap().is_empty());
    }
}
