//! HTTP/2 as no library would write it.

use super::tls::{Client, TlsEdge, World};
use super::within;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

const GOAWAY: u8 = 7;
const PING: u8 = 6;
pub const END_STREAM: u8 = 1;
pub const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Fields as HPACK literals that go into no table (RFC 7541 §6.2.2).
pub fn literals(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            integer(&mut block, 7, 0, text.len());
            block.extend(text.as_bytes());
        }
    }
    block
}

/// One literal that goes into the table, as its newest entry (RFC 7541 §6.2.1).
pub fn remembered(name: &str, value: &str) -> Vec<u8> {
    let mut block = vec![0x40];
    for text in [name, value] {
        integer(&mut block, 7, 0, text.len());
        block.extend(text.as_bytes());
    }
    block
}

/// RFC 7541 §5.1
fn integer(block: &mut Vec<u8>, prefix: u32, flags: u8, value: usize) {
    let most = (1 << prefix) - 1;
    if value < most {
        block.push(flags | u8::try_from(value).unwrap());
        return;
    }
    block.push(flags | u8::try_from(most).unwrap());
    let mut rest = value - most;
    while rest >= 128 {
        block.push(u8::try_from(rest % 128).unwrap() | 128);
        rest /= 128;
    }
    block.push(u8::try_from(rest).unwrap());
}

pub fn request(method: &str, host: &str) -> Vec<u8> {
    literals(&[
        (":method", method),
        (":scheme", "https"),
        (":authority", host),
        (":path", "/"),
    ])
}

/// An attacker's connection. Whatever the edge says is read and counted.
pub struct Attacker {
    writer: WriteHalf<TlsStream<TcpStream>>,
    pub heard: Arc<Heard>,
}

#[derive(Default)]
pub struct Heard {
    pub closed: AtomicBool,
    pub resets: AtomicU32,
    pub heads: AtomicU32,
    /// The error of a GOAWAY.
    pub goaway: Mutex<Option<u32>>,
}

impl Attacker {
    pub async fn new(world: &World, edge: &TlsEdge, host: &str, settings: &[(u16, u32)]) -> Self {
        let mut config = world.client();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let Client(tls) = edge.open(&Arc::new(config), host).await;
        let (reader, mut writer) = split(tls);
        let mut payload = Vec::new();
        for (name, value) in settings {
            payload.extend(name.to_be_bytes());
            payload.extend(value.to_be_bytes());
        }
        let mut hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        hello.extend(frame(SETTINGS, 0, 0, &payload));
        hello.extend(frame(SETTINGS, ACK, 0, &[]));
        within(writer.write_all(&hello)).await.unwrap();
        let heard = Arc::new(Heard::default());
        tokio::spawn(listen(reader, heard.clone()));
        Self { writer, heard }
    }

    /// False when the edge has had enough.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        let sent = async {
            self.writer.write_all(bytes).await.is_ok() && self.writer.flush().await.is_ok()
        };
        !self.heard.closed.load(Relaxed) && within(sent).await
    }

    pub async fn until(&self, what: impl Fn(&Heard) -> bool) {
        within(async {
            while !what(&self.heard) {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

async fn listen(mut reader: ReadHalf<TlsStream<TcpStream>>, heard: Arc<Heard>) {
    let mut head = [0; 9];
    while reader.read_exact(&mut head).await.is_ok() {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        if reader.read_exact(&mut payload).await.is_err() {
            break;
        }
        match head[3] {
            HEADERS => _ = heard.heads.fetch_add(1, Relaxed),
            RST_STREAM => _ = heard.resets.fetch_add(1, Relaxed),
            GOAWAY => {
                let error = payload[4..8].try_into().unwrap();
                *heard.goaway.lock().unwrap() = Some(u32::from_be_bytes(error));
            }
            SETTINGS | PING | DATA | WINDOW_UPDATE => {}
            kind => panic!("a frame of kind {kind}"),
        }
    }
    heard.closed.store(true, Relaxed);
}
