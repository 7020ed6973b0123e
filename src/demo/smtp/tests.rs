use std::{path::Path, sync::Arc};

use latchkey_tenants::{ManualClock, Timestamp};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    sync::oneshot,
};

use super::*;

fn mailbox(dir: &Path) -> Mailbox {
    Mailbox::load(dir, Arc::new(ManualClock::at(Timestamp(1)))).unwrap()
}

/// The server's replies to everything that `lines` say, sent at once.
async fn talk_through(mailbox: &Mailbox, lines: &[u8]) -> Vec<String> {
    let (mut client, server) = tokio::io::duplex(4 << 20);
    client.write_all(lines).await.unwrap();
    client.shutdown().await.unwrap();
    // A conversation that ends in the middle is an error to the server and fine for us.
    let _ = session::run(server, mailbox.clone()).await;
    let mut replies = String::new();
    client.read_to_string(&mut replies).await.unwrap();
    replies.lines().map(str::to_owned).collect()
}

fn codes(replies: &[String]) -> Vec<&str> {
    replies.iter().map(|reply| &reply[..4]).collect()
}

#[tokio::test]
async fn a_mail_is_taken_over_a_real_socket_and_its_dots_come_out_right() {
    let dir = tempfile::tempdir().unwrap();
    let mailbox = mailbox(dir.path());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, mailbox.clone(), async {
        let _ = stopped.await;
    }));

    let mut stream = BufReader::new(TcpStream::connect(address).await.unwrap());
    for (line, code) in [
        ("", "220 "),
        ("HELO client.example\r\n", "250 "),
        (
            "MAIL FROM:<bounce@northwind.example> BODY=8BITMIME\r\n",
            "250 ",
        ),
        ("RCPT TO:<jo@globex.example>\r\n", "250 "),
        ("RCPT TO:<sam@globex.example>\r\n", "250 "),
        ("DATA\r\n", "354 "),
        ("Subject: Dots\r\n\r\n..one\r\n...\r\nend\r\n.\r\n", "250 "),
        ("QUIT\r\n", "221 "),
    ] {
        stream.write_all(line.as_bytes()).await.unwrap();
        let mut reply = String::new();
        stream.read_line(&mut reply).await.unwrap();
        assert!(reply.starts_with(code), "{line:?} got {reply:?}");
    }

    let mails = mailbox.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].subject, "Dots");
    assert_eq!(mails[0].to, ["jo@globex.example", "sam@globex.example"]);
    assert!(mails[0].raw.ends_with(b"\r\n\r\n.one\r\n..\r\nend\r\n"));
    stop.send(()).unwrap();
    server.await.unwrap();
}

#[tokio::test]
async fn the_extensions_are_named_and_a_pipelined_client_is_served() {
    let dir = tempfile::tempdir().unwrap();
    let mailbox = mailbox(dir.path());
    let replies = talk_through(
        &mailbox,
        b"EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<b@x>\r\nDATA\r\nSubject: 1\r\n\r\nx\r\n.\r\nNOOP\r\nQUIT\r\n",
    )
    .await;
    assert_eq!(
        codes(&replies),
        [
            "220 ", "250-", "250-", "250-", "250-", "250-", "250 ", "250 ", "250 ", "354 ", "250 ",
            "250 ", "221 "
        ]
    );
    assert!(replies.contains(&"250 SIZE 1048576".to_owned()));
    assert_eq!(mailbox.mails().len(), 1);
}

#[tokio::test]
async fn commands_out_of_turn_are_refused_and_rset_starts_over() {
    let dir = tempfile::tempdir().unwrap();
    let mailbox = mailbox(dir.path());
    let replies = talk_through(
        &mailbox,
        b"MAIL FROM:<a@x>\r\nHELO a\r\nRCPT TO:<b@x>\r\nDATA\r\nMAIL FROM:<a@x>\r\nDATA\r\n\
          RCPT TO:<b@x>\r\nRSET\r\nDATA\r\nSTARTTLS\r\nMAIL FROM:a\r\nQUIT\r\n",
    )
    .await;
    assert_eq!(
        codes(&replies),
        [
            "220 ", "503 ", "250 ", "503 ", "503 ", "250 ", "503 ", "250 ", "250 ", "503 ", "502 ",
            "501 ", "221 "
        ]
    );
    assert!(mailbox.mails().is_empty());
}

#[tokio::test]
async fn a_message_over_the_limit_is_refused_and_the_conversation_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mailbox = mailbox(dir.path());
    let mut lines =
        b"HELO a\r\nMAIL FROM:<a@x> SIZE=1048577\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n"
            .to_vec();
    lines.extend(std::iter::repeat_n(b"0123456789abcde\n".as_slice(), 65_537).flatten());
    lines.extend(
        b"\r\n.\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\nSubject: small\r\n\r\n.\r\nQUIT\r\n",
    );
    let replies = talk_through(&mailbox, &lines).await;
    assert_eq!(
        codes(&replies),
        [
            "220 ", "250 ", "552 ", "250 ", "250 ", "354 ", "552 ", "250 ", "250 ", "354 ", "250 ",
            "221 "
        ]
    );
    assert_eq!(mailbox.mails().len(), 1);
    assert_eq!(mailbox.mails()[0].subject, "small");
}

#[tokio::test]
async fn a_mail_that_breaks_off_is_not_kept() {
    let dir = tempfile::tempdir().unwrap();
    let mailbox = mailbox(dir.path());
    talk_through(
        &mailbox,
        b"HELO a\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\nSubject: half",
    )
    .await;
    assert!(mailbox.mails().is_empty());
}

#[tokio::test]
async fn recipients_and_line_length_have_an_end() {
    let dir = tempfile::tempdir().unwrap();
    let mailbox = mailbox(dir.path());
    let mut lines = b"HELO a\r\nMAIL FROM:<a@x>\r\n".to_vec();
    lines.extend(b"RCPT TO:<b@x>\r\n".repeat(session::MAX_RECIPIENTS + 1));
    lines.extend(vec![b'x'; 4096]);
    let replies = talk_through(&mailbox, &lines).await;
    let codes = codes(&replies);
    assert_eq!(codes[codes.len() - 3..], ["250 ", "452 ", "500 "]);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_is_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    let (_client, server) = tokio::io::duplex(1024);
    let error = session::run(server, mailbox(dir.path())).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
}

#[tokio::test]
async fn the_connection_after_the_last_one_is_turned_away() {
    let dir = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(serve(listener, mailbox(dir.path()), std::future::pending()));
    let mut open = Vec::new();
    for _ in 0..MAX_SESSIONS {
        open.push(first_line(address).await);
    }
    assert!(open.iter().all(|(line, _)| line.starts_with("220 ")));
    assert!(first_line(address).await.0.starts_with("421 "));
    server.abort();
}

async fn first_line(address: std::net::SocketAddr) -> (String, BufReader<TcpStream>) {
    let mut stream = BufReader::new(TcpStream::connect(address).await.unwrap());
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    (line, stream)
}
