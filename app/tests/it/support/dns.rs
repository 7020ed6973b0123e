//! A name server with the records that a test gives it. Other names have none.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use hickory_resolver::proto::{
    op::{Message, MessageType, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{CNAME, TXT},
    },
};
use tokio::{net::UdpSocket, task::JoinHandle};

pub struct FakeDns {
    address: SocketAddr,
    records: Records,
    server: JoinHandle<()>,
}

type Records = Arc<Mutex<HashMap<(Name, RecordType), Vec<RData>>>>;

impl FakeDns {
    pub async fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let records = Records::default();
        let theirs = Arc::clone(&records);
        let server = tokio::spawn(async move {
            let mut buffer = [0; 4096];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                let Ok(question) = Message::from_vec(&buffer[..length]) else {
                    continue;
                };
                let answer = answer(&question, &theirs).to_vec().unwrap();
                socket.send_to(&answer, from).await.unwrap();
            }
        });
        Self {
            address,
            records,
            server,
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn cname(&self, from: &str, to: &str) {
        self.put(from, RecordType::CNAME, vec![RData::CNAME(CNAME(name(to)))]);
    }

    pub fn txt(&self, at: &str, text: &str) {
        self.txts(at, &[text]);
    }

    pub fn txts(&self, at: &str, texts: &[&str]) {
        let record = |text: &&str| {
            let parts = text.as_bytes().chunks(255);
            let parts = parts.map(|part| String::from_utf8_lossy(part).into_owned());
            RData::TXT(TXT::new(parts.collect()))
        };
        self.put(at, RecordType::TXT, texts.iter().map(record).collect());
    }

    fn put(&self, at: &str, kind: RecordType, data: Vec<RData>) {
        self.records.lock().unwrap().insert((name(at), kind), data);
    }
}

impl Drop for FakeDns {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn name(text: &str) -> Name {
    let mut name = Name::from_ascii(text).unwrap();
    name.set_fqdn(true);
    name
}

fn answer(question: &Message, records: &Records) -> Message {
    let mut answer = question.clone();
    answer.metadata.message_type = MessageType::Response;
    answer.metadata.authoritative = true;
    answer.metadata.recursion_available = true;
    let query = question.queries[0].clone();
    let key = (query.name().clone(), query.query_type());
    match records.lock().unwrap().get(&key) {
        Some(all) => {
            for data in all {
                answer.add_answer(Record::from_rdata(key.0.clone(), 60, data.clone()));
            }
        }
        None => answer.metadata.response_code = ResponseCode::NXDomain,
    }
    answer
}
