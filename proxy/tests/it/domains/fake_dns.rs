//! A small internet of name servers on loopback addresses: one resolver, and servers in charge of zones.

use hickory_resolver::proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::caa::KeyValue;
use hickory_resolver::proto::rr::rdata::{A, AAAA, CAA, CNAME, NS, SOA, TXT};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use latchkey_proxy::domains::Dns;
use latchkey_proxy::domains::dns::Reach;
use latchkey_tenants::SeededEntropy;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinSet;

/// The resolver. Servers in charge are at 127.0.0.2 and above.
pub const RESOLVER: &str = "127.0.0.1";
const ADDRESSES: [&str; 6] = [
    RESOLVER,
    "127.0.0.2",
    "127.0.0.3",
    "127.0.0.4",
    "127.0.0.5",
    "127.0.0.6",
];

/// What a server does other than answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Quirk {
    ServFail,
    Refuse,
    Silent,
    /// Answers after this long.
    Slow(Duration),
    /// Over UDP says only that the answer is too long.
    Truncate,
    /// Sends bytes that are no message, of the right id, and nothing else.
    Garbage,
    /// Sends an answer with a wrong id before the right one.
    Spoofed,
    /// SERVFAIL unless asked not to check signatures.
    Bogus,
    /// Cannot read questions with EDNS.
    NoEdns,
    /// Answers without being in charge.
    Lame,
}

/// A name, and perhaps a kind.
type Asked = (Name, Option<RecordType>);

#[derive(Default)]
struct World {
    zones: Vec<(Name, Vec<IpAddr>)>,
    records: HashMap<IpAddr, Vec<(Name, RData)>>,
    quirks: Vec<(IpAddr, Option<Asked>, Quirk)>,
    asked: Vec<(IpAddr, String, RecordType, bool)>,
}

/// Ends with the value.
pub struct FakeDns {
    pub port: u16,
    world: Arc<Mutex<World>>,
    _servers: JoinSet<()>,
}

impl FakeDns {
    pub async fn start() -> Self {
        let (port, sockets) = bind().await;
        let world = Arc::new(Mutex::new(World::default()));
        let mut servers = JoinSet::new();
        for (udp, tcp) in sockets {
            servers.spawn(serve_udp(Arc::new(udp), Arc::clone(&world)));
            servers.spawn(serve_tcp(tcp, Arc::clone(&world)));
        }
        Self {
            port,
            world,
            _servers: servers,
        }
    }

    /// Asks the servers in charge.
    pub fn authoritative(&self) -> Dns {
        Dns::authoritative_through(
            vec![self.at(RESOLVER)],
            Reach::Anywhere { port: self.port },
            Arc::new(SeededEntropy::new(5)),
        )
    }

    /// Asks these and no others.
    pub fn configured(&self, servers: &[&str]) -> Dns {
        let servers = servers.iter().map(|server| self.at(server)).collect();
        Dns::configured(servers, Arc::new(SeededEntropy::new(5)))
    }

    fn at(&self, address: &str) -> SocketAddr {
        (address.parse::<IpAddr>().unwrap(), self.port).into()
    }

    /// A zone with these servers, which the resolver knows.
    pub fn zone(&self, apex: &str, servers: &[&str]) {
        let servers = servers
            .iter()
            .map(|server| server.parse().unwrap())
            .collect();
        self.world
            .lock()
            .unwrap()
            .zones
            .push((dns_name(apex), servers));
    }

    /// A record at all servers of its zone.
    pub fn put(&self, name: &str, data: RData) {
        let mut world = self.world.lock().unwrap();
        let name = dns_name(name);
        let servers = world
            .zone_of(&name)
            .expect("a zone for the record")
            .1
            .clone();
        for server in servers {
            world
                .records
                .entry(server)
                .or_default()
                .push((name.clone(), data.clone()));
        }
    }

    /// A record at one server.
    pub fn put_at(&self, server: &str, name: &str, data: RData) {
        let mut world = self.world.lock().unwrap();
        let records = world.records.entry(server.parse().unwrap()).or_default();
        records.push((dns_name(name), data));
    }

    /// No records of the name any more, at any server.
    pub fn remove(&self, name: &str) {
        let name = dns_name(name);
        for records in self.world.lock().unwrap().records.values_mut() {
            records.retain(|(owner, _)| owner != &name);
        }
    }

    /// For every question.
    pub fn quirk(&self, server: &str, quirk: Quirk) {
        self.world
            .lock()
            .unwrap()
            .quirks
            .push((server.parse().unwrap(), None, quirk));
    }

    /// For questions about one name, of one kind or all.
    pub fn quirk_at(&self, server: &str, name: &str, kind: Option<RecordType>, quirk: Quirk) {
        let at = Some((dns_name(name), kind));
        self.world
            .lock()
            .unwrap()
            .quirks
            .push((server.parse().unwrap(), at, quirk));
    }

    pub fn no_quirks(&self) {
        self.world.lock().unwrap().quirks.clear();
    }

    /// Questions so far: server, name, kind, whether it was to recurse.
    pub fn asked(&self) -> Vec<(IpAddr, String, RecordType, bool)> {
        self.world.lock().unwrap().asked.clone()
    }
}

pub fn a(address: &str) -> RData {
    RData::A(A(address.parse().unwrap()))
}

pub fn aaaa(address: &str) -> RData {
    RData::AAAA(AAAA(address.parse().unwrap()))
}

pub fn cname(target: &str) -> RData {
    RData::CNAME(CNAME(dns_name(target)))
}

pub fn txt(text: &str) -> RData {
    let strings = text
        .as_bytes()
        .chunks(255)
        .map(|chunk| String::from_utf8_lossy(chunk).into_owned());
    RData::TXT(TXT::new(strings.collect()))
}

pub fn caa(flags: u8, tag: &str, value: &str) -> RData {
    let mut caa = CAA::new_issue(flags & 0x80 != 0, None, Vec::<KeyValue>::new());
    caa.reserved_flags = flags & 0x7f;
    caa.tag = tag.to_owned();
    caa.value = value.as_bytes().to_vec();
    RData::CAA(caa)
}

pub fn dns_name(text: &str) -> Name {
    let mut name = Name::from_ascii(text).unwrap();
    name.set_fqdn(true);
    name
}

/// The same free port of every address, over UDP and TCP.
async fn bind() -> (u16, Vec<(UdpSocket, TcpListener)>) {
    for _ in 0..50 {
        if let Some(bound) = try_bind().await {
            return bound;
        }
    }
    panic!("no port is free at all addresses");
}

async fn try_bind() -> Option<(u16, Vec<(UdpSocket, TcpListener)>)> {
    let mut port = 0;
    let mut sockets = Vec::new();
    for address in ADDRESSES {
        let address: IpAddr = address.parse().unwrap();
        let udp = UdpSocket::bind((address, port)).await.ok()?;
        port = udp.local_addr().unwrap().port();
        sockets.push((udp, TcpListener::bind((address, port)).await.ok()?));
    }
    Some((port, sockets))
}

async fn serve_udp(socket: Arc<UdpSocket>, world: Arc<Mutex<World>>) {
    let address = socket.local_addr().unwrap().ip();
    let mut buffer = [0; 4096];
    loop {
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else {
            continue;
        };
        let reply = world
            .lock()
            .unwrap()
            .reply(address, &buffer[..length], false);
        let socket = Arc::clone(&socket);
        tokio::spawn(async move {
            tokio::time::sleep(reply.after).await;
            for packet in reply.packets {
                let _ = socket.send_to(&packet, from).await;
            }
        });
    }
}

async fn serve_tcp(listener: TcpListener, world: Arc<Mutex<World>>) {
    let address = listener.local_addr().unwrap().ip();
    loop {
        let Ok((mut stream, _)) = listener.accept().await else {
            continue;
        };
        let Ok(length) = stream.read_u16().await else {
            continue;
        };
        let mut question = vec![0; usize::from(length)];
        if stream.read_exact(&mut question).await.is_err() {
            continue;
        }
        let reply = world.lock().unwrap().reply(address, &question, true);
        for packet in reply.packets {
            let mut framed = u16::try_from(packet.len()).unwrap().to_be_bytes().to_vec();
            framed.extend(packet);
            let _ = stream.write_all(&framed).await;
        }
    }
}

#[derive(Default)]
struct Reply {
    packets: Vec<Vec<u8>>,
    after: Duration,
}

impl World {
    fn zone_of(&self, name: &Name) -> Option<&(Name, Vec<IpAddr>)> {
        let zones = self.zones.iter().filter(|(apex, _)| apex.zone_of(name));
        zones.max_by_key(|(apex, _)| apex.num_labels())
    }

    fn reply(&mut self, server: IpAddr, question: &[u8], tcp: bool) -> Reply {
        let question = Message::from_vec(question).expect("the client sends messages");
        let query = question.queries[0].clone();
        let (name, kind) = (query.name().clone(), query.query_type());
        self.asked.push((
            server,
            name.to_ascii(),
            kind,
            question.metadata.recursion_desired,
        ));
        let mut answer = Message::new(question.metadata.id, MessageType::Response, OpCode::Query);
        answer.add_query(query);
        if question.edns.is_some() {
            answer.edns = question.edns.clone();
        }
        let quirks = self.quirks_of(server, &name, kind);
        let mut reply = Reply::default();
        let is_resolver = server == RESOLVER.parse::<IpAddr>().unwrap();
        if is_resolver {
            self.resolve(&name, kind, &mut answer);
        } else {
            self.answer_in_charge(server, &name, kind, &mut answer);
        }
        for quirk in quirks {
            match quirk {
                Quirk::Silent => return reply,
                Quirk::ServFail => clear(&mut answer, ResponseCode::ServFail),
                Quirk::Refuse => clear(&mut answer, ResponseCode::Refused),
                Quirk::Bogus if !question.metadata.checking_disabled => {
                    clear(&mut answer, ResponseCode::ServFail);
                }
                Quirk::Bogus => {}
                Quirk::Slow(after) => reply.after = after,
                Quirk::Truncate if !tcp => answer = answer.truncate(),
                Quirk::Truncate => {}
                Quirk::NoEdns if question.edns.is_some() => {
                    clear(&mut answer, ResponseCode::FormErr);
                    answer.edns = None;
                }
                Quirk::NoEdns => {}
                Quirk::Lame => answer.metadata.authoritative = false,
                Quirk::Spoofed => {
                    let mut forged = answer.clone();
                    forged.metadata.id ^= 1;
                    forged.answers =
                        vec![Record::from_rdata(name.clone(), 1, txt("latchkey=forged"))];
                    reply.packets.push(forged.to_vec().unwrap());
                }
                Quirk::Garbage => {
                    let mut bytes = answer.to_vec().unwrap();
                    bytes.truncate(14);
                    bytes.extend([0xc0, 0x0c, 0xc0, 0x0e, 0xff]);
                    reply.packets.push(bytes);
                    return reply;
                }
            }
        }
        reply.packets.push(answer.to_vec().unwrap());
        reply
    }

    fn quirks_of(&self, server: IpAddr, name: &Name, kind: RecordType) -> Vec<Quirk> {
        let fits = |at: &Option<Asked>| {
            at.as_ref()
                .is_none_or(|(at, of)| at == name && of.is_none_or(|of| of == kind))
        };
        let quirks = self.quirks.iter();
        let quirks = quirks.filter(|(at, what, _)| *at == server && fits(what));
        quirks.map(|(.., quirk)| *quirk).collect()
    }

    /// As a resolver does: over aliases to the end, with the start of authority where there is nothing.
    fn resolve(&self, name: &Name, kind: RecordType, answer: &mut Message) {
        answer.metadata.recursion_available = true;
        let mut at = name.clone();
        for _ in 0..20 {
            let Some((apex, servers)) = self.zone_of(&at) else {
                answer.metadata.response_code = ResponseCode::NXDomain;
                return;
            };
            let exists = self.fill(servers[0], &at, kind, answer);
            let alias = answer.answers.iter().find_map(|record| match &record.data {
                RData::CNAME(target) if record.name == at => Some(target.0.clone()),
                _ => None,
            });
            match alias {
                Some(target) if kind != RecordType::CNAME => at = target,
                _ => {
                    if answer
                        .answers
                        .iter()
                        .all(|record| record.record_type() == RecordType::CNAME)
                    {
                        answer.add_authority(soa(apex));
                    }
                    if !exists {
                        answer.metadata.response_code = ResponseCode::NXDomain;
                    }
                    return;
                }
            }
        }
        answer.metadata.response_code = ResponseCode::ServFail;
    }

    fn answer_in_charge(
        &self,
        server: IpAddr,
        name: &Name,
        kind: RecordType,
        answer: &mut Message,
    ) {
        let own = self
            .zones
            .iter()
            .filter(|(apex, servers)| apex.zone_of(name) && servers.contains(&server));
        let Some((apex, _)) = own.max_by_key(|(apex, _)| apex.num_labels()) else {
            answer.metadata.response_code = ResponseCode::Refused;
            return;
        };
        let deepest = self.zone_of(name).expect("at least the one above");
        if &deepest.0 != apex {
            for index in 0..deepest.1.len() {
                answer.add_authority(ns(&deepest.0, index));
            }
            return;
        }
        answer.metadata.authoritative = true;
        if !self.fill(server, name, kind, answer) {
            answer.metadata.response_code = ResponseCode::NXDomain;
        }
        if answer.answers.is_empty() {
            answer.add_authority(soa(apex));
        }
    }

    /// What the server has under the name; false: no such name.
    fn fill(&self, server: IpAddr, name: &Name, kind: RecordType, answer: &mut Message) -> bool {
        let apex = self.zones.iter().find(|(apex, _)| apex == name);
        if let Some((apex, servers)) = apex {
            match kind {
                RecordType::SOA => {
                    answer.add_answer(soa(apex));
                    return true;
                }
                RecordType::NS => {
                    for index in 0..servers.len() {
                        answer.add_answer(ns(apex, index));
                    }
                    return true;
                }
                _ => {}
            }
        }
        if let Some(address) = self.name_server(name) {
            if let (RecordType::A, IpAddr::V4(address)) = (kind, address) {
                answer.add_answer(Record::from_rdata(name.clone(), 60, RData::A(A(address))));
            }
            return true;
        }
        let records = self
            .records
            .get(&server)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let mut exists = apex.is_some();
        for (owner, data) in records {
            if owner == name {
                exists = true;
                if data.record_type() == kind || data.record_type() == RecordType::CNAME {
                    answer.add_answer(Record::from_rdata(owner.clone(), 60, data.clone()));
                }
            }
            exists |= name.zone_of(owner);
        }
        exists
    }

    /// The address of `ns{index}.{zone}`.
    fn name_server(&self, name: &Name) -> Option<IpAddr> {
        self.zones.iter().find_map(|(apex, servers)| {
            (0..servers.len())
                .find(|index| &ns_name(apex, *index) == name)
                .map(|index| servers[index])
        })
    }
}

fn clear(answer: &mut Message, code: ResponseCode) {
    answer.metadata.response_code = code;
    answer.answers.clear();
    answer.authorities.clear();
}

fn ns_name(apex: &Name, index: usize) -> Name {
    dns_name(&format!("ns{index}.{apex}"))
}

fn ns(apex: &Name, index: usize) -> Record {
    Record::from_rdata(apex.clone(), 60, RData::NS(NS(ns_name(apex, index))))
}

fn soa(apex: &Name) -> Record {
    let soa = SOA::new(
        ns_name(apex, 0),
        dns_name("hostmaster.example"),
        1,
        2,
        3,
        4,
        5,
    );
    Record::from_rdata(apex.clone(), 60, RData::SOA(soa))
}
