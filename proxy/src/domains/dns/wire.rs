//! One question to one server: UDP, and TCP where the answer does not fit.

use super::Silence;
use hickory_resolver::proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RecordType};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, sleep_until, timeout_at};

/// What passes the internet unfragmented (DNS Flag Day 2020).
const UDP_PAYLOAD: u16 = 1232;
/// A lost packet is sent again after this long.
const RESEND_AFTER: Duration = Duration::from_secs(1);
/// One server is waited for this long over UDP, and again over TCP.
const PATIENCE: Duration = Duration::from_millis(2500);
/// Packets that answer another question than ours: a flood of them ends the wait.
const STRANGERS: usize = 64;

#[derive(Clone, Debug)]
pub(super) struct Question {
    pub name: Name,
    pub kind: RecordType,
    /// RD: the server is a resolver and shall find out.
    pub recurse: bool,
    /// CD: a validating resolver shall not check signatures.
    pub unchecked: bool,
}

impl Question {
    fn message(&self, id: u16, edns: bool) -> Message {
        let mut message = Message::new(id, MessageType::Query, OpCode::Query);
        message.metadata.recursion_desired = self.recurse;
        message.metadata.checking_disabled = self.unchecked;
        message.add_query(Query::query(self.name.clone(), self.kind));
        if edns {
            let mut edns = Edns::new();
            edns.set_max_payload(UDP_PAYLOAD);
            message.set_edns(edns);
        }
        message
    }

    fn is_answered_by(&self, id: u16, message: &Message) -> bool {
        let metadata = &message.metadata;
        // A server that cannot read a question may leave it out of its complaint.
        let asked = match message.queries.as_slice() {
            [query] => query.name() == &self.name && query.query_type() == self.kind,
            [] => metadata.response_code == ResponseCode::FormErr,
            _ => false,
        };
        metadata.id == id && metadata.message_type == MessageType::Response && asked
    }
}

/// Whatever `server` answers. The id and the port are new for each question, so that nobody off the path can answer it.
pub(super) async fn exchange(
    server: SocketAddr,
    question: &Question,
    id: u16,
    until: Instant,
) -> Result<Message, Silence> {
    let answer = exchange_as(server, question, id, true, until).await?;
    // A server from before RFC 6891.
    if answer.metadata.response_code == ResponseCode::FormErr && answer.edns.is_none() {
        return exchange_as(server, question, id, false, until).await;
    }
    Ok(answer)
}

async fn exchange_as(
    server: SocketAddr,
    question: &Question,
    id: u16,
    edns: bool,
    until: Instant,
) -> Result<Message, Silence> {
    let bytes = question
        .message(id, edns)
        .to_vec()
        .map_err(|_| Silence::BadName)?;
    let patience = |until: Instant| until.min(Instant::now() + PATIENCE);
    let answer = timeout_at(patience(until), over_udp(server, question, id, &bytes))
        .await
        .map_err(|_| Silence::Timeout)??;
    if !answer.metadata.truncation {
        return Ok(answer);
    }
    timeout_at(patience(until), over_tcp(server, question, id, &bytes))
        .await
        .map_err(|_| Silence::Timeout)?
}

async fn over_udp(
    server: SocketAddr,
    question: &Question,
    id: u16,
    bytes: &[u8],
) -> Result<Message, Silence> {
    let local: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(local).await.map_err(unreachable)?;
    socket.connect(server).await.map_err(unreachable)?;
    socket.send(bytes).await.map_err(unreachable)?;
    let mut buffer = [0; 4096];
    let mut strangers = 0;
    let mut resend = Instant::now() + RESEND_AFTER;
    loop {
        tokio::select! {
            received = socket.recv(&mut buffer) => {
                let length = received.map_err(unreachable)?;
                // What cannot be read may be anybody's: the true answer may still come.
                match Message::from_vec(&buffer[..length]) {
                    Ok(message) if question.is_answered_by(id, &message) => return Ok(message),
                    _ => strangers += 1,
                }
                if strangers > STRANGERS {
                    return Err(Silence::Garbage);
                }
            }
            () = sleep_until(resend) => {
                socket.send(bytes).await.map_err(unreachable)?;
                resend = Instant::now() + RESEND_AFTER;
            }
        }
    }
}

async fn over_tcp(
    server: SocketAddr,
    question: &Question,
    id: u16,
    bytes: &[u8],
) -> Result<Message, Silence> {
    let mut stream = TcpStream::connect(server).await.map_err(unreachable)?;
    let length = u16::try_from(bytes.len()).map_err(|_| Silence::BadName)?;
    let mut framed = length.to_be_bytes().to_vec();
    framed.extend_from_slice(bytes);
    let exchanged = async {
        stream.write_all(&framed).await?;
        let mut buffer = vec![0; usize::from(stream.read_u16().await?)];
        stream.read_exact(&mut buffer).await?;
        Ok(buffer)
    };
    let buffer = exchanged.await.map_err(unreachable)?;
    let message = Message::from_vec(&buffer).map_err(|_| Silence::Garbage)?;
    if question.is_answered_by(id, &message) && !message.metadata.truncation {
        Ok(message)
    } else {
        Err(Silence::Garbage)
    }
}

/// A UDP socket hears of a closed port, and of a network that is not there.
fn unreachable(error: io::Error) -> Silence {
    match error.kind() {
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => Silence::NoRoute,
        _ => Silence::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Compression pointers, lengths that lie, records cut in the middle: an error, never a panic or an endless loop.
        #[test]
        fn t2_no_packet_ends_the_reader(
            mut bytes in proptest::collection::vec(any::<u8>(), 0..700),
            counts in any::<[u8; 4]>(),
            pointers in proptest::collection::vec((12usize..700, 0u8..0x40, any::<u8>()), 0..8),
        ) {
            // Random counts are mostly huge; small ones let the reader come further.
            for (at, count) in [4, 6, 8, 10].into_iter().zip(counts) {
                if bytes.len() > at + 1 {
                    bytes[at] = 0;
                    bytes[at + 1] = count % 4;
                }
            }
            for (at, high, low) in pointers {
                if bytes.len() > at + 1 {
                    bytes[at] = 0xc0 | high;
                    bytes[at + 1] = low;
                }
            }
            let _ = Message::from_vec(&bytes);
        }

        #[test]
        fn t2_a_damaged_answer_does_not_end_the_reader(
            at in 0usize..90,
            value in any::<u8>(),
        ) {
            let question = Question {
                name: Name::from_ascii("www.acme.example.").unwrap(),
                kind: RecordType::CAA,
                recurse: false,
                unchecked: false,
            };
            let mut message = question.message(7, true).into_response();
            for data in [
                hickory_resolver::proto::rr::RData::TXT(hickory_resolver::proto::rr::rdata::TXT::new(vec!["latchkey=x".to_owned()])),
                hickory_resolver::proto::rr::RData::CNAME(hickory_resolver::proto::rr::rdata::CNAME(question.name.clone())),
            ] {
                message.add_answer(hickory_resolver::proto::rr::Record::from_rdata(question.name.clone(), 60, data));
            }
            let mut bytes = message.to_vec().unwrap();
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
            let _ = Message::from_vec(&bytes);
        }
    }

    #[test]
    fn t2_only_the_answer_to_the_question_is_one() {
        let question = Question {
            name: Name::from_ascii("www.acme.example.").unwrap(),
            kind: RecordType::TXT,
            recurse: true,
            unchecked: false,
        };
        let good = question.message(7, true).into_response();
        assert!(question.is_answered_by(7, &good));
        assert!(!question.is_answered_by(8, &good), "another id");
        assert!(
            !question.is_answered_by(7, &question.message(7, true)),
            "the question itself"
        );
        let other = Question {
            kind: RecordType::A,
            ..question.clone()
        };
        assert!(!question.is_answered_by(7, &other.message(7, true).into_response()));
        let other = Question {
            name: Name::from_ascii("www.evil.example.").unwrap(),
            ..question.clone()
        };
        assert!(!question.is_answered_by(7, &other.message(7, true).into_response()));
    }
}
