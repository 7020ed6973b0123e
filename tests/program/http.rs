//! As much HTTP as a test needs: one request, one answer, no redirects followed.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use serde_json::Value;

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn parse(text: &str) -> io::Result<Self> {
        let (head, body) = text
            .split_once("\r\n\r\n")
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        Ok(Self {
            status: status.ok_or(io::ErrorKind::InvalidData)?,
            head: head.to_owned(),
            body: body.to_owned(),
        })
    }

    /// Every value of a header, in order.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.head.lines().filter_map(move |line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub fn header(&self, name: &str) -> &str {
        self.all(name)
            .next()
            .unwrap_or_else(|| panic!("no {name} in {}", self.head))
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }
}

/// A request to send.
pub struct Call<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub host: &'a str,
    pub headers: Vec<(&'a str, String)>,
    pub body: String,
}

impl Call<'_> {
    pub fn bytes(&self) -> Vec<u8> {
        let headers: String = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let (method, path, host, body) = (self.method, self.path, self.host, &self.body);
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}",
            body.len()
        );
        request.into_bytes()
    }

    /// An error when the other end went away before it answered.
    pub fn send(&self, to: SocketAddr) -> io::Result<Answer> {
        let mut stream = TcpStream::connect(to)?;
        stream.write_all(&self.bytes())?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Answer::parse(&text)
    }
}

/// A provider that trades any code for a token of its own and knows whose it is.
pub struct Provider {
    pub address: SocketAddr,
    tokens: Arc<AtomicUsize>,
}

impl Provider {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let tokens = Arc::new(AtomicUsize::new(0));
        let given = Arc::clone(&tokens);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                // A caller that went away is not the provider's worry.
                let _ = Self::answer(stream, &given);
            }
        });
        Self { address, tokens }
    }

    /// How many tokens it gave.
    pub fn tokens(&self) -> usize {
        self.tokens.load(Ordering::SeqCst)
    }

    fn answer(mut stream: TcpStream, tokens: &AtomicUsize) -> io::Result<()> {
        let mut request = Vec::new();
        let mut chunk = [0; 4096];
        while !is_whole(&request) {
            let read = stream.read(&mut chunk)?;
            if read == 0 {
                return Ok(());
            }
            request.extend_from_slice(&chunk[..read]);
        }
        let body = if request.starts_with(b"POST /token ") {
            let number = tokens.fetch_add(1, Ordering::SeqCst) + 1;
            format!(
                r#"{{"access_token":"token-{number}","token_type":"Bearer","expires_in":3600,"refresh_token":"refresh-{number}"}}"#
            )
        } else {
            r#"{"sub":"jo","email":"jo@globex.example"}"#.to_owned()
        };
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    body.len() >= length.unwrap_or(0)
}
