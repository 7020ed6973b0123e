//! The PROXY protocol (HAProxy's proxy-protocol.txt, versions 1 and 2): where a load balancer says who its client is.

use ppp::{v1, v2};
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncReadExt};

const V1_PREFIX: &[u8] = b"PROXY ";
/// `PROXY UNKNOWN` and the end of the line.
const V1_MIN: usize = 15;
/// §2.1: the longest line there is.
const V1_MAX: usize = 107;
const V2_PREFIX: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// Signature, command, family and length.
const V2_HEAD: usize = 16;
/// Far above what balancers add to the addresses.
const V2_MAX: usize = 2048;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Garbage;

/// Reads the header that a trusted peer must begin with, and nothing after it. None: the balancer speaks for itself, as in
/// its health checks.
///
/// # Errors
/// `InvalidData` for anything else than such a header, `UnexpectedEof` when the peer left before its end.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<SocketAddr>> {
    let mut header = Vec::with_capacity(128);
    loop {
        let missing = missing(&header).map_err(|Garbage| io::ErrorKind::InvalidData)?;
        if missing == 0 {
            let client = client(&header).map_err(|Garbage| io::ErrorKind::InvalidData);
            return Ok(client?);
        }
        let mut stream = (&mut *stream).take(missing as u64);
        if stream.read_buf(&mut header).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// How many bytes a header that begins like this has at least to come; 0: it is whole.
///
/// The crate cannot tell a line that is cut off from a wrong one, so it gets whole headers only.
fn missing(bytes: &[u8]) -> Result<usize, Garbage> {
    if bytes.is_empty() {
        return Ok(V1_MIN);
    }
    if begins(bytes, V2_PREFIX) {
        let Some(head) = bytes.first_chunk::<V2_HEAD>() else {
            return Ok(V2_HEAD - bytes.len());
        };
        let length = V2_HEAD + usize::from(u16::from_be_bytes([head[14], head[15]]));
        return (length <= V2_MAX)
            .then_some(length.saturating_sub(bytes.len()))
            .ok_or(Garbage);
    }
    if begins(bytes, V1_PREFIX) {
        let end = bytes.windows(2).position(|pair| pair == b"\r\n");
        return match (end, bytes.len()) {
            (Some(end), length) if end + 2 == length => Ok(0),
            (Some(_), _) | (None, V1_MAX..) => Err(Garbage),
            (None, length) if length < V1_MIN => Ok(V1_MIN - length),
            (None, _) if bytes.ends_with(b"\r") => Ok(1),
            (None, length) => Ok((V1_MAX - length).min(2)),
        };
    }
    Err(Garbage)
}

/// As far as both go.
fn begins(bytes: &[u8], prefix: &[u8]) -> bool {
    bytes.iter().zip(prefix).all(|(one, other)| one == other)
}

fn client(header: &[u8]) -> Result<Option<SocketAddr>, Garbage> {
    if header.starts_with(V1_PREFIX) {
        let header = v1::Header::try_from(header).map_err(|_| Garbage)?;
        return Ok(match header.addresses {
            v1::Addresses::Tcp4(ip) => Some((ip.source_address, ip.source_port).into()),
            v1::Addresses::Tcp6(ip) => Some((ip.source_address, ip.source_port).into()),
            v1::Addresses::Unknown => None,
        });
    }
    let header = v2::Header::try_from(header).map_err(|_| Garbage)?;
    if header.command == v2::Command::Local {
        return Ok(None);
    }
    match (header.protocol, header.addresses) {
        (v2::Protocol::Stream, v2::Addresses::IPv4(ip)) => {
            Ok(Some((ip.source_address, ip.source_port).into()))
        }
        (v2::Protocol::Stream, v2::Addresses::IPv6(ip)) => {
            Ok(Some((ip.source_address, ip.source_port).into()))
        }
        // §2.2: a receiver uses the real connection where nothing is said.
        (v2::Protocol::Unspecified, _) | (_, v2::Addresses::Unspecified) => Ok(None),
        _ => Err(Garbage),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const V1: &[u8] = b"PROXY TCP4 192.0.2.1 198.51.100.1 40000 443\r\n";

    fn v2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [V2_PREFIX, &[0x20 | command, family], &length, body].concat()
    }

    fn v2_ipv4() -> Vec<u8> {
        let ports = [0x9c, 0x40, 0x01, 0xbb];
        let type_of_network = [0x04, 0, 2, 0, 0];
        let body = [
            &[192, 0, 2, 1, 198, 51, 100, 1],
            &ports[..],
            &type_of_network,
        ];
        v2(1, 0x11, &body.concat())
    }

    /// What a balancer's bytes mean, in one piece and byte by byte, and what is left of them.
    async fn said(mut bytes: &[u8]) -> io::Result<(Option<SocketAddr>, &[u8])> {
        let dripped = read(&mut drip_of(bytes)).await;
        let whole = read(&mut bytes).await;
        assert_eq!(
            dripped.map_err(|error| error.kind()),
            whole.as_ref().copied().map_err(io::Error::kind)
        );
        Ok((whole?, bytes))
    }

    fn drip_of(bytes: &[u8]) -> impl AsyncRead + Unpin {
        let (mut near, far) = tokio::io::duplex(1);
        let bytes = bytes.to_vec();
        tokio::spawn(async move {
            let _ = tokio::io::AsyncWriteExt::write_all(&mut near, &bytes).await;
        });
        far
    }

    #[tokio::test]
    async fn both_versions_name_the_client_and_leave_the_rest() {
        for header in [V1.to_vec(), v2_ipv4()] {
            let bytes = [&header[..], b"\x16\x03\x01"].concat();
            let (client, rest) = said(&bytes).await.unwrap();
            assert_eq!(client, Some("192.0.2.1:40000".parse().unwrap()));
            assert_eq!(rest, b"\x16\x03\x01");
        }
    }

    #[tokio::test]
    async fn ipv6_is_read() {
        let line = b"PROXY TCP6 2001:db8::1 2001:db8::2 40000 443\r\n";
        let client = said(line).await.unwrap().0;
        assert_eq!(client, Some("[2001:db8::1]:40000".parse().unwrap()));

        let mut body = [0; 36];
        body[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
        body[15] = 1;
        body[32..].copy_from_slice(&[0x9c, 0x40, 0x01, 0xbb]);
        let client = said(&v2(1, 0x21, &body)).await.unwrap().0;
        assert_eq!(client, Some("[2001:db8::1]:40000".parse().unwrap()));
    }

    #[tokio::test]
    async fn a_balancer_may_speak_for_itself() {
        for header in [
            b"PROXY UNKNOWN\r\n".to_vec(),
            v2(0, 0, b""),
            v2(1, 0, b"..."),
        ] {
            assert_eq!(said(&header).await.unwrap().0, None, "{header:?}");
        }
    }

    #[tokio::test]
    async fn garbage_is_refused() {
        let long_line = [b"PROXY TCP4 ".as_slice(), &[b'1'; 200]].concat();
        let address = ["ffff"; 8].join(":");
        let longest = format!("PROXY UNKNOWN {address} {address} 65535 65535\r\n");
        assert_eq!(longest.len(), V1_MAX);
        assert_eq!(said(longest.as_bytes()).await.unwrap().0, None);
        let too_long = longest.replace("UNKNOWN", "UNKNOWN ");
        let unix = v2(1, 0x31, &[0; 216]);
        let datagrams = v2(1, 0x12, &[0; 12]);
        let huge = v2(1, 0x11, &[0; V2_MAX]);
        for bytes in [
            b"GET / HTTP/1.1\r\n\r\n".as_slice(),
            b"\x16\x03\x01\x02\x00",
            b"PROXY TCP4 here there 1 2\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.1 70000 443\r\n",
            b"PROXY \xff\xff\r\n",
            b"PROXY TCP4\r\n....",
            &long_line,
            too_long.as_bytes(),
            &unix,
            &datagrams,
            &huge,
        ] {
            let error = said(bytes).await.err().map(|error| error.kind());
            assert_eq!(error, Some(io::ErrorKind::InvalidData), "{bytes:?}");
        }
    }

    #[tokio::test]
    async fn a_header_that_ends_early_is_waited_for() {
        for bytes in [b"PRO".as_slice(), &V1[..30], &v2_ipv4()[..20]] {
            let error = said(bytes).await.err().map(|error| error.kind());
            assert_eq!(error, Some(io::ErrorKind::UnexpectedEof), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_end_the_process(bytes: Vec<u8>, prefix in 0..3usize) {
            let bytes = [[b"".as_slice(), V1_PREFIX, V2_PREFIX][prefix], &bytes].concat();
            if missing(&bytes) == Ok(0) {
                let _ = client(&bytes);
            }
        }
    }
}
