//! A small SMTP server (RFC 5321) that keeps every mail in the [`Mailbox`] and sends nothing on. It stands on
//! loopback, so it offers neither TLS nor sign-in.

mod command;
mod data;
mod session;
#[cfg(test)]
mod tests;

use std::{pin::pin, time::Duration};

use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::mailbox::Mailbox;

const MAX_SESSIONS: usize = 32;
/// However busy a client keeps the line.
const SESSION_LIFETIME: Duration = Duration::from_mins(10);
/// When the system has no connection to give, asking again at once would only burn time.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Takes mail on `listener` until `shutdown` is ready. Sessions still open are cut off then: a mail is either
/// acknowledged and on disk, or its sender tries again.
pub async fn serve(listener: TcpListener, mailbox: Mailbox, shutdown: impl Future<Output = ()>) {
    let mut shutdown = pin!(shutdown);
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            () = &mut shutdown => return,
            Some(_) = sessions.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) if sessions.len() < MAX_SESSIONS => {
                    sessions.spawn(talk(stream, mailbox.clone()));
                }
                Ok((stream, _)) => turn_away(stream).await,
                Err(error) => {
                    tracing::warn!(%error, "the demo's mail server could not accept a connection");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

async fn talk(stream: TcpStream, mailbox: Mailbox) {
    match timeout(SESSION_LIFETIME, session::run(stream, mailbox)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a mail session of the demo broke off"),
        Err(_) => tracing::debug!("a mail session of the demo took too long"),
    }
}

async fn turn_away(mut stream: TcpStream) {
    let reply = stream.write_all(b"421 4.7.0 Too many connections, try again later\r\n");
    // A client that does not even read this is owed nothing more.
    let _ = timeout(ACCEPT_PAUSE, reply).await;
}
