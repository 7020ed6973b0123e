//! An app that writes down what reaches it, byte by byte, and reads it by the strictest rules.

use super::h2_app::{self, Asked};
use super::{PATIENCE, within};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Sees requests. Cheap to clone.
#[derive(Clone)]
pub struct Recorder {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// One request, or what was not one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    Request(Request),
    /// Bytes that begin a request and break off.
    Unfinished,
    /// Why it is not one.
    Ambiguous(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub line: String,
    /// Names in lower case.
    pub fields: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// It came without a length.
    pub chunked: bool,
}

impl Request {
    /// The only one of this name.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut values = self.fields.iter().filter(|(field, _)| field == name);
        let value = values.next()?;
        assert!(values.next().is_none(), "{name} twice in {self:?}");
        Some(&value.1)
    }
}

impl Recorder {
    pub async fn start() -> Self {
        Self::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await
    }

    pub async fn answering(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let recorder = Self {
            address: listener.local_addr().unwrap(),
            seen: Arc::default(),
        };
        let returned = recorder.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let recorder = recorder.clone();
                tokio::spawn(async move { recorder.serve(stream, answer).await });
            }
        });
        returned
    }

    /// Of requests over HTTP/2 without TLS.
    pub async fn over_http2() -> Self {
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let kept = Arc::clone(&seen);
        let address = h2_app::app(move |_, asked, mut answer| {
            let kept = Arc::clone(&kept);
            async move {
                let seen = read_stream(asked).await;
                let whole = matches!(seen, Seen::Request(_));
                kept.lock().unwrap().push(seen);
                if whole {
                    h2_app::say(&mut answer, "ok".to_owned());
                }
            }
        })
        .await;
        Self { address, seen }
    }

    /// All that was seen until now, once.
    pub fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }

    /// As [`Self::take`], when there is something.
    pub async fn next(&self) -> Vec<Seen> {
        within(async {
            loop {
                match self.take() {
                    nothing if nothing.is_empty() => tokio::task::yield_now().await,
                    seen => return seen,
                }
            }
        })
        .await
    }

    async fn serve(&self, mut stream: TcpStream, answer: &str) {
        let mut bytes = Bytes {
            stream: &mut stream,
            peeked: None,
        };
        loop {
            let seen = match read(&mut bytes).await {
                Ok(request) => Seen::Request(request),
                Err(Fault::Over) => return,
                Err(Fault::Unfinished) => Seen::Unfinished,
                Err(Fault::Ambiguous(why)) => Seen::Ambiguous(why),
            };
            let more = matches!(seen, Seen::Request(_));
            self.seen.lock().unwrap().push(seen);
            if !more || bytes.stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

enum Fault {
    /// Nothing came.
    Over,
    Unfinished,
    Ambiguous(String),
}

struct Bytes<'a> {
    stream: &'a mut TcpStream,
    peeked: Option<u8>,
}

impl Bytes<'_> {
    async fn next(&mut self) -> Result<u8, Fault> {
        if let Some(byte) = self.peeked.take() {
            return Ok(byte);
        }
        // Bounded only so that a test that hangs is named.
        let read = tokio::time::timeout(3 * PATIENCE, self.stream.read_u8()).await;
        read.map_err(|_| Fault::Unfinished)?
            .map_err(|_| Fault::Unfinished)
    }

    async fn is_over(&mut self) -> bool {
        match self.next().await {
            Ok(byte) => {
                self.peeked = Some(byte);
                false
            }
            Err(_) => true,
        }
    }

    async fn exactly(&mut self, count: usize) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::new();
        for _ in 0..count {
            bytes.push(self.next().await?);
        }
        Ok(bytes)
    }

    /// Up to CR LF, and with no other CR, LF or control character.
    async fn line(&mut self) -> Result<String, Fault> {
        let mut line = Vec::new();
        loop {
            match self.next().await? {
                b'\r' => match self.next().await? {
                    b'\n' => break,
                    _ => return ambiguous("a bare CR", &line),
                },
                byte if byte < b' ' && byte != b'\t' => {
                    return ambiguous("a control character", &line);
                }
                byte => line.push(byte),
            }
        }
        Ok(line.into_iter().map(char::from).collect())
    }
}

fn ambiguous<T>(why: &str, near: &[u8]) -> Result<T, Fault> {
    let near = String::from_utf8_lossy(near);
    Err(Fault::Ambiguous(format!("{why} near {near:?}")))
}

async fn read(bytes: &mut Bytes<'_>) -> Result<Request, Fault> {
    if bytes.is_over().await {
        return Err(Fault::Over);
    }
    let line = bytes.line().await?;
    let words: Vec<_> = line.split(' ').collect();
    let [_, target, "HTTP/1.1"] = words[..] else {
        return ambiguous("the request line", line.as_bytes());
    };
    if !target.starts_with('/') && target != "*" {
        return ambiguous("the target", target.as_bytes());
    }
    let fields = fields(bytes).await?;
    let all = |wanted: &str| {
        let values = fields.iter().filter(|(name, _)| name == wanted);
        values.map(|(_, value)| value.as_str()).collect::<Vec<_>>()
    };
    if all("host").len() != 1 {
        return ambiguous("the host", line.as_bytes());
    }
    let (body, chunked) = match (&all("content-length")[..], &all("transfer-encoding")[..]) {
        ([], []) => (Vec::new(), false),
        ([length], []) if length.bytes().all(|byte| byte.is_ascii_digit()) => {
            let Ok(length) = length.parse() else {
                return ambiguous("the length", length.as_bytes());
            };
            (bytes.exactly(length).await?, false)
        }
        ([], ["chunked"]) => (chunks(bytes).await?, true),
        framing => return ambiguous("the framing", format!("{framing:?}").as_bytes()),
    };
    Ok(Request {
        line: line.clone(),
        fields,
        body,
        chunked,
    })
}

async fn fields(bytes: &mut Bytes<'_>) -> Result<Vec<(String, String)>, Fault> {
    let mut fields = Vec::new();
    loop {
        let line = bytes.line().await?;
        if line.is_empty() {
            return Ok(fields);
        }
        let Some((name, value)) = line.split_once(':') else {
            return ambiguous("a field without a colon", line.as_bytes());
        };
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(token) {
            return ambiguous("a field's name", line.as_bytes());
        }
        fields.push((name.to_lowercase(), value.trim().to_owned()));
    }
}

/// `:authority` is read as Host, so that there is one or the other.
async fn read_stream(asked: Asked) -> Seen {
    let (head, mut stream) = asked.into_parts();
    let mut body = Vec::new();
    while let Some(data) = stream.data().await {
        let Ok(data) = data else {
            return Seen::Unfinished;
        };
        let _ = stream.flow_control().release_capacity(data.len());
        body.extend(data);
    }
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let fields = head.headers.iter();
    let mut fields: Vec<_> = fields
        .map(|(name, value)| (name.to_string(), text(value)))
        .collect();
    let host = head.uri.authority().map(ToString::to_string);
    fields.extend(host.map(|host| ("host".to_owned(), host)));
    let length = head.headers.get(http::header::CONTENT_LENGTH).map(text);
    if let Some(length) = &length
        && length.parse() != Ok(body.len())
    {
        return Seen::Ambiguous(format!("the length {length}, and {} bytes", body.len()));
    }
    let target = head
        .uri
        .path_and_query()
        .map_or("", |target| target.as_str());
    Seen::Request(Request {
        line: format!("{} {target} {:?}", head.method, head.version),
        fields,
        body,
        chunked: length.is_none(),
    })
}

/// Sizes without extensions, no trailers.
async fn chunks(bytes: &mut Bytes<'_>) -> Result<Vec<u8>, Fault> {
    let mut body = Vec::new();
    loop {
        let size = bytes.line().await?;
        let digits =
            (1..=8).contains(&size.len()) && size.bytes().all(|byte| byte.is_ascii_hexdigit());
        let Some(size) = digits
            .then(|| usize::from_str_radix(&size, 16).ok())
            .flatten()
        else {
            return ambiguous("a chunk's size", size.as_bytes());
        };
        let chunk = bytes.exactly(size).await?;
        let end = bytes.line().await?;
        if !end.is_empty() {
            return ambiguous("the end of a chunk", end.as_bytes());
        }
        if size == 0 {
            return Ok(body);
        }
        body.extend(chunk);
    }
}

/// What an edge answers to bytes that are sent as they are, up to the end of the connection. The client's end is closed
/// after the first whole answer.
pub async fn exchange(edge: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut stream = within(TcpStream::connect(edge)).await.unwrap();
    // An edge that has had enough may close before it has read all.
    let _ = within(stream.write_all(request)).await;
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    let mut open = true;
    loop {
        match within(stream.read(&mut buffer)).await {
            Ok(0) | Err(_) => return answer,
            Ok(count) => answer.extend(&buffer[..count]),
        }
        if open && is_whole(&answer) {
            open = false;
            let _ = stream.shutdown().await;
        }
    }
}

fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .to_lowercase()
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    length.is_some_and(|length: usize| body.len() >= length)
}
