use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use url::Url;

/// What the server does with a request.
pub enum Reply {
    /// Exactly these bytes, then the end of the connection.
    Raw(Vec<u8>),
    /// The first text once, then the second again and again, until the client goes or so many bytes are out.
    Flood(&'static str, Vec<u8>, usize),
    /// The text, and then nothing, while the connection stays.
    Stall(&'static str),
}

pub struct Server {
    pub url: Url,
    requests: Arc<Mutex<Vec<String>>>,
    written: mpsc::UnboundedReceiver<usize>,
}

impl Server {
    /// Listens on a free port of loopback; each connection brings one request.
    pub async fn start(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (report, written) = mpsc::unbounded_channel();
        let (seen, reply) = (requests.clone(), Arc::new(reply));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (seen, reply, report) = (seen.clone(), reply.clone(), report.clone());
                tokio::spawn(async move {
                    let _ = report.send(serve(socket, &seen, &*reply).await);
                });
            }
        });
        Self {
            url: format!("http://127.0.0.1:{port}/token").parse().unwrap(),
            requests,
            written,
        }
    }

    pub async fn json(status: &'static str, body: impl Into<String>) -> Self {
        let body = body.into();
        Self::start(move |_| answer(status, &["content-type: application/json"], &body)).await
    }

    /// The requests so far, head and body.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// How many bytes one finished connection took from the server.
    pub async fn written(&mut self) -> usize {
        self.written.recv().await.unwrap()
    }
}

/// A correct answer with these header lines.
pub fn answer(status: &str, headers: &[&str], body: &str) -> Reply {
    let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n");
    Reply::Raw(format!("{head}connection: close\r\n\r\n{body}").into_bytes())
}

async fn serve(
    mut socket: TcpStream,
    seen: &Mutex<Vec<String>>,
    reply: &(dyn Fn(&str) -> Reply + Send + Sync),
) -> usize {
    let Some(request) = read_request(&mut socket).await else {
        return 0;
    };
    seen.lock().unwrap().push(request.clone());
    match reply(&request) {
        Reply::Raw(bytes) => {
            let _ = socket.write_all(&bytes).await;
            let _ = socket.shutdown().await;
            bytes.len()
        }
        Reply::Flood(head, block, limit) => {
            let mut written = 0;
            if socket.write_all(head.as_bytes()).await.is_err() {
                return written;
            }
            while written < limit && socket.write_all(&block).await.is_ok() {
                written += block.len();
            }
            written
        }
        Reply::Stall(head) => {
            let _ = socket.write_all(head.as_bytes()).await;
            // Ends when the client hangs up.
            let _ = socket.read(&mut [0; 64]).await;
            head.len()
        }
    }
}

async fn read_request(socket: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                let length = name.eq_ignore_ascii_case("content-length");
                length.then(|| value.trim().parse().unwrap())
            });
            if body.len() >= length.unwrap_or(0) {
                return Some(text);
            }
        }
        if socket.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
