//! One request and its answer, as bytes over a kept connection.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// One request, as bytes, and where it goes.
pub struct Target {
    pub address: SocketAddr,
    pub request: Arc<[u8]>,
}

impl Target {
    pub fn get(address: SocketAddr, path: &str, host: &str, headers: &[(&str, &str)]) -> Self {
        Self::new(address, "GET", path, host, headers, "")
    }

    pub fn new(
        address: SocketAddr,
        method: &str,
        path: &str,
        host: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Self {
        let headers: String = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\n{headers}content-length: {length}\r\n\r\n{body}"
        );
        Self {
            address,
            request: request.into_bytes().into(),
        }
    }

    /// The whole answer, once.
    pub async fn once(&self) -> String {
        let mut stream = TcpStream::connect(self.address)
            .await
            .expect("a connection");
        let mut buffer = Vec::new();
        let length = exchange(&mut stream, &self.request, &mut buffer).await;
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }
}

/// Sends the request and reads one answer with a content-length into `buffer`; its length.
pub async fn exchange(stream: &mut TcpStream, request: &[u8], buffer: &mut Vec<u8>) -> usize {
    buffer.clear();
    stream.write_all(request).await.expect("written");
    loop {
        let read = stream.read_buf(buffer).await.expect("read");
        assert!(read > 0, "the server closed the connection");
        if let Some(length) = answer_length(buffer)
            && buffer.len() >= length
        {
            return length;
        }
    }
}

fn answer_length(buffer: &[u8]) -> Option<usize> {
    let head = buffer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&buffer[..head]).ok()?;
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    Some(head + length.unwrap_or(0))
}
