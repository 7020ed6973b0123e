//! The same HTTP as in `http`, inside TLS.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::http::{Answer, Call};

/// Trusts the one root alone, PEM.
pub fn send(call: &Call<'_>, to: SocketAddr, root: &str) -> io::Result<Answer> {
    exchange(call, &mut connect(call.host, to, root)?)
}

pub type Connection = StreamOwned<ClientConnection, TcpStream>;

/// A connection whose handshake is over.
pub fn connect(host: &str, to: SocketAddr, root: &str) -> io::Result<Connection> {
    let mut roots = RootCertStore::empty();
    for der in CertificateDer::pem_slice_iter(root.as_bytes()) {
        roots
            .add(der.map_err(io::Error::other)?)
            .map_err(io::Error::other)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, TcpStream::connect(to)?);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    Ok(stream)
}

/// One request on it, the last.
pub fn exchange(call: &Call<'_>, stream: &mut Connection) -> io::Result<Answer> {
    stream.write_all(call.bytes().as_slice())?;
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        // A server that hangs up without a word of TLS has still answered in full: the length says so.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
        Err(error) => return Err(error),
    }
    Answer::parse(&String::from_utf8_lossy(&answer))
}
