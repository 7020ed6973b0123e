//! A relay that keeps what it takes and answers as a test tells it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use mail_parser::{Message, MessageParser};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinHandle,
};

/// How the relay answers a message that it has read in full.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    Code(u16),
    /// Says yes when [`Sink::release`] is called, and nothing before.
    Held,
}

pub struct Sink {
    port: u16,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    received: Mutex<Vec<Vec<u8>>>,
    answers: Mutex<VecDeque<Answer>>,
    arrived: Notify,
    released: Notify,
    senders: Mutex<Vec<String>>,
}

impl Sink {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&theirs);
                // A client that goes away is no failure of the relay.
                tokio::spawn(async move { converse(stream, &shared).await.ok() });
            }
        });
        Self {
            port,
            shared,
            server,
        }
    }

    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether a client said this line.
    pub fn said(&self, line: &str) -> bool {
        let senders = self.shared.senders.lock().unwrap();
        senders.iter().any(|said| said.starts_with(line))
    }

    /// The answers to the next messages, in order; after them every message is taken.
    pub fn answer(&self, answers: impl IntoIterator<Item = Answer>) {
        self.shared.answers.lock().unwrap().extend(answers);
    }

    /// Every message that was read in full so far, taken or not.
    pub fn mails(&self) -> Vec<Message<'static>> {
        let received = self.shared.received.lock().unwrap();
        let parser = MessageParser::default();
        received
            .iter()
            .map(|raw| parser.parse(raw).unwrap().into_owned())
            .collect()
    }

    /// Returns when the next message was read in full.
    pub async fn arrival(&self) {
        self.shared.arrived.notified().await;
    }

    /// Lets one held answer go.
    pub fn release(&self) {
        self.shared.released.notify_one();
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn converse(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let (read, mut write) = stream.split();
    let mut lines = BufReader::new(read);
    write.write_all(b"220 relay.example\r\n").await?;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        if line.starts_with("MAIL") {
            shared.senders.lock().unwrap().push(line.clone());
        }
        let verb = line.split_whitespace().next().unwrap_or_default();
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                write
                    .write_all(b"250-relay.example\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n")
                    .await?
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let message = message(&mut lines).await?;
                shared.received.lock().unwrap().push(message);
                shared.arrived.notify_one();
                let answer = shared.answers.lock().unwrap().pop_front();
                match answer.unwrap_or(Answer::Code(250)) {
                    Answer::Code(code) => {
                        let reply = format!("{code} that is that for jo@globex.example\r\n");
                        write.write_all(reply.as_bytes()).await?;
                    }
                    Answer::Held => {
                        shared.released.notified().await;
                        write.write_all(b"250 at last\r\n").await?;
                    }
                }
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => write.write_all(b"250 ok\r\n").await?,
        }
    }
}

/// The lines up to the lone dot, without the stuffed dots.
async fn message(lines: &mut (impl AsyncBufReadExt + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut message = Vec::new();
    loop {
        let mut line = Vec::new();
        if lines.read_until(b'\n', &mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        match line.strip_prefix(b".") {
            Some(b"\r\n") => return Ok(message),
            Some(unstuffed) => message.extend_from_slice(unstuffed),
            None => message.extend_from_slice(&line),
        }
    }
}
