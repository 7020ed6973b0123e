use super::answer::{Answer, Failure, Reading, Silence, Who};
use super::authority::Zones;
use super::wire::{Question, exchange};
use super::{Dns, MAX_HOPS, Mode, Said};
use futures_util::stream::{FuturesUnordered, StreamExt};
use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{Name, RecordType};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use tokio::time::{Instant, sleep_until};

/// What one server sent, or why it sent nothing.
pub(super) type Heard = (SocketAddr, Result<Message, Silence>);

/// The questions of one check. Knows the zones that were found so far.
pub struct Session<'a> {
    pub(super) dns: &'a Dns,
    pub(super) zones: Zones,
    until: Instant,
    questions_left: AtomicU32,
    resolver_spoke: AtomicBool,
}

impl<'a> Session<'a> {
    pub(super) fn new(dns: &'a Dns) -> Self {
        Self {
            dns,
            zones: Zones::default(),
            until: Instant::now() + dns.limits.time,
            questions_left: AtomicU32::new(dns.limits.questions),
            resolver_spoke: AtomicBool::new(false),
        }
    }

    /// What is known under `name`, without going where an alias leads.
    pub async fn ask(&self, name: &Name, kind: RecordType) -> Result<Answer, Failure> {
        match &self.dns.mode {
            Mode::Configured(_) => self.ask_resolvers(name, kind).await,
            Mode::Authoritative { reach, .. } => self.ask_authority(name, kind, *reach).await,
        }
    }

    /// What is known where the aliases of `name` lead. Where servers differ about an alias, those without it say nothing.
    pub async fn follow(&self, name: &Name, kind: RecordType) -> Result<Answer, Failure> {
        let mut at = name.clone();
        let mut seen = vec![at.clone()];
        while seen.len() <= MAX_HOPS + 1 {
            let answer = self.ask(&at, kind).await?;
            let onward = |said: &&Said| !said.chain.is_empty() && said.records.is_empty();
            if !answer.said.iter().all(|said| onward(&said)) {
                return Ok(answer);
            }
            // All send us on; where to, the first one says.
            let chain = answer.said.first().map(|said| said.chain.as_slice());
            let chain = chain.unwrap_or_default();
            let Some(next) = chain.last() else {
                return Ok(answer);
            };
            if chain.iter().any(|name| seen.contains(name)) {
                break;
            }
            seen.extend_from_slice(chain);
            at = next.clone();
        }
        Err(Failure {
            who: Who::Authority,
            why: Silence::Endless,
        })
    }

    /// What the resolvers say, which may come from their caches.
    pub async fn ask_resolvers(&self, name: &Name, kind: RecordType) -> Result<Answer, Failure> {
        let question = recursive(name, kind, false);
        let servers = self.dns.resolvers();
        let heard = self.gather(servers, &question, true).await;
        let mut silences = Vec::new();
        let mut said = Vec::new();
        for (server, result) in heard {
            match result.and_then(|message| Reading::of(&message, server, name, kind, None)) {
                Ok(Reading::Said(one)) => said.push(one),
                // Only servers in charge refer.
                Ok(Reading::Referral { .. }) => silences.push(Silence::Lame),
                Err(silence) => silences.push(silence),
            }
        }
        if said.is_empty() {
            return Err(failure(Who::Resolver, &silences));
        }
        Ok(Answer { said })
    }

    /// Whether a resolver that checks signatures refuses the name for them: SERVFAIL, and an answer without the check.
    pub async fn signatures_are_broken(&self, name: &Name) -> bool {
        matches!(self.recurse(name, RecordType::A).await, Ok((_, true)))
    }

    /// The first answer of any resolver, and whether it came only without a check of its signatures.
    pub(super) async fn recurse(
        &self,
        name: &Name,
        kind: RecordType,
    ) -> Result<(Message, bool), Failure> {
        let mut silences = Vec::new();
        for unchecked in [false, true] {
            let question = recursive(name, kind, unchecked);
            silences.clear();
            for (_, result) in self.gather(self.dns.resolvers(), &question, false).await {
                match result {
                    Ok(message) if conclusive(&message) => return Ok((message, unchecked)),
                    Ok(message) if message.metadata.response_code == ResponseCode::ServFail => {
                        silences.push(Silence::ServFail);
                    }
                    Ok(_) => silences.push(Silence::ErrorCode),
                    Err(silence) => silences.push(silence),
                }
            }
            if !silences.contains(&Silence::ServFail) {
                break;
            }
        }
        Err(failure(Who::Resolver, &silences))
    }

    /// Whether any resolver has answered anything during this check.
    pub fn resolver_works(&self) -> bool {
        self.resolver_spoke.load(Ordering::Relaxed)
    }

    /// Asks all of them at once. Ends when all have spoken, when the others had their time after the first one that knew
    /// (at once unless `wait_for_others`), or when the question has used up its time.
    pub(super) async fn gather(
        &self,
        servers: &[SocketAddr],
        question: &Question,
        wait_for_others: bool,
    ) -> Vec<Heard> {
        let mut until = self.until.min(Instant::now() + self.dns.limits.one);
        let asked = servers.iter().map(|server| async move {
            let result = self.exchange(*server, question, until).await;
            (*server, result)
        });
        let mut pending: FuturesUnordered<_> = asked.collect();
        let mut heard = Vec::with_capacity(servers.len());
        let mut known = false;
        loop {
            tokio::select! {
                next = pending.next() => match next {
                    Some(one) => {
                        let first = !known && matches!(&one.1, Ok(message) if conclusive(message));
                        heard.push(one);
                        if first && !wait_for_others {
                            return heard;
                        }
                        if first {
                            known = true;
                            until = until.min(Instant::now() + self.dns.limits.others);
                        }
                    }
                    None => return heard,
                },
                () = sleep_until(until) => {
                    if heard.is_empty() {
                        heard.extend(servers.iter().map(|server| (*server, Err(Silence::Timeout))));
                    }
                    return heard;
                }
            }
        }
    }

    async fn exchange(
        &self,
        server: SocketAddr,
        question: &Question,
        until: Instant,
    ) -> Result<Message, Silence> {
        let left = self
            .questions_left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            });
        if left.is_err() || Instant::now() >= self.until {
            return Err(Silence::Spent);
        }
        let id = u16::from_ne_bytes(self.dns.entropy.bytes());
        let result = exchange(server, question, id, until).await;
        if question.recurse && result.is_ok() {
            self.resolver_spoke.store(true, Ordering::Relaxed);
        }
        result
    }
}

pub(super) fn recursive(name: &Name, kind: RecordType, unchecked: bool) -> Question {
    Question {
        name: name.clone(),
        kind,
        recurse: true,
        unchecked,
    }
}

fn conclusive(message: &Message) -> bool {
    matches!(
        message.metadata.response_code,
        ResponseCode::NoError | ResponseCode::NXDomain
    )
}

/// The most telling of several silences: they are ordered that way.
pub(super) fn failure(who: Who, silences: &[Silence]) -> Failure {
    Failure {
        who,
        why: silences.iter().min().copied().unwrap_or(Silence::NoServer),
    }
}
