//! A conversation with a relay that follows a script.

use latchkey_themes::{
    Mailer, Outgoing, SendError,
    smtp::{Cause, MailerError},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpSocket},
    task::JoinHandle,
};

/// Where the relay stops being friendly.
#[derive(Clone, Copy)]
enum Mood {
    Friendly,
    /// Answers RCPT TO with this line.
    Recipient(&'static str),
    /// Answers the finished mail with this line.
    Content(&'static str),
    /// Hangs up in the middle of the mail.
    HangUp,
}

/// Everything the client said.
type Heard = JoinHandle<Vec<String>>;

async fn relay(mood: Mood) -> (Mailer, Heard) {
    let (port, heard) = listen(mood).await;
    let url = format!("smtp://127.0.0.1:{port}").into();
    (
        Mailer::new(&url, "Notifications <notify@mail.example>").expect("a mailer"),
        heard,
    )
}

async fn listen(mood: Mood) -> (u16, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let port = listener.local_addr().expect("an address").port();
    let heard = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.expect("a client");
        converse(socket, mood).await
    });
    (port, heard)
}

async fn converse(socket: tokio::net::TcpStream, mood: Mood) -> Vec<String> {
    let (read, mut write) = socket.into_split();
    let mut lines = BufReader::new(read).lines();
    let mut heard = Vec::new();
    let mut body = false;
    write
        .write_all(b"220 relay.example\r\n")
        .await
        .expect("writes");
    while let Ok(Some(line)) = lines.next_line().await {
        heard.push(line.clone());
        let verb = line.split([' ', ':']).next().unwrap_or_default();
        let answer = match (body, verb, mood) {
            (true, _, Mood::HangUp) => break,
            (true, ".", _) => {
                body = false;
                if let Mood::Content(refusal) = mood {
                    refusal
                } else {
                    "250 taken"
                }
            }
            (true, ..) => continue,
            (_, "EHLO", _) => "250-relay.example\r\n250 8BITMIME",
            (_, "RCPT", Mood::Recipient(refusal)) => refusal,
            (_, "DATA", _) => {
                body = true;
                "354 go on"
            }
            (_, "QUIT", _) => "221 bye",
            _ => "250 fine",
        };
        if write
            .write_all(format!("{answer}\r\n").as_bytes())
            .await
            .is_err()
        {
            break;
        }
    }
    heard
}

fn mail() -> Outgoing {
    Outgoing {
        from: None,
        return_path: None,
        unsubscribe: None,
        signer: None,
        from_name: "Northwind Automations".into(),
        reply_to: Some("help@northwind.example".into()),
        to: (Some("Jo Park".into()), "jo@globex.example".into()),
        subject: "Action required".into(),
        html: "<p>https://northwind.example/connect/lk_link_secret</p>".into(),
        text: "https://northwind.example/connect/lk_link_secret\n".into(),
        message_id: "01sample@mail.example".into(),
        language: "en".into(),
    }
}

async fn refused(mood: Mood) -> SendError {
    let (mailer, _heard) = relay(mood).await;
    mailer.send(&mail()).await.expect_err("the relay refuses")
}

#[tokio::test]
async fn a_mail_arrives_with_its_headers_and_both_parts() {
    let (mailer, heard) = relay(Mood::Friendly).await;
    mailer.send(&mail()).await.expect("taken");
    drop(mailer);
    let heard = heard.await.expect("a conversation");
    for line in [
        "EHLO mail.example",
        "MAIL FROM:<notify@mail.example>",
        "RCPT TO:<jo@globex.example>",
        "From: \"Northwind Automations\" <notify@mail.example>",
        "Reply-To: help@northwind.example",
        "To: \"Jo Park\" <jo@globex.example>",
        "Subject: Action required",
        "Message-ID: <01sample@mail.example>",
        "Auto-Submitted: auto-generated",
        "Content-Language: en",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Type: text/html; charset=utf-8",
        "<p>https://northwind.example/connect/lk_link_secret</p>",
    ] {
        assert!(
            heard.iter().any(|said| said == line),
            "{line} in {heard:#?}"
        );
    }
    let text = heard.join("\n").to_lowercase();
    assert!(
        !text.contains("latchkey") && !text.contains("lettre"),
        "{text}"
    );
}

#[tokio::test]
async fn a_header_cannot_be_smuggled_in() {
    let (mailer, heard) = relay(Mood::Friendly).await;
    let smuggled = "x\r\nBcc: evil@evil.example";
    let mail = Outgoing {
        from: None,
        return_path: None,
        unsubscribe: None,
        signer: None,
        from_name: smuggled.into(),
        subject: smuggled.into(),
        to: (Some(smuggled.into()), "jo@globex.example".into()),
        language: smuggled.into(),
        ..mail()
    };
    mailer.send(&mail).await.expect("taken");
    drop(mailer);
    let heard = heard.await.expect("a conversation");
    assert!(
        !heard.iter().any(|line| line.starts_with("Bcc")),
        "{heard:#?}"
    );
    assert_eq!(
        heard.iter().filter(|line| line.starts_with("RCPT")).count(),
        1
    );
}

#[tokio::test]
async fn a_4xx_is_worth_another_try() {
    let error = refused(Mood::Recipient("451 4.7.1 come back later")).await;
    assert_eq!(error, SendError::Temporary(Cause::Reply(451)));
    assert_eq!(error.code(), Some(451));
}

#[tokio::test]
async fn a_5xx_is_final() {
    let error = refused(Mood::Recipient("550 5.1.1 no jo@globex.example here")).await;
    assert_eq!(error, SendError::Permanent(Cause::Reply(550)));
    assert!(error.is_permanent());
}

#[tokio::test]
async fn a_refusal_repeats_nothing_that_was_said() {
    let error = refused(Mood::Content(
        "554 spam: https://northwind.example/connect/lk_link_secret",
    ))
    .await;
    for shown in [error.to_string(), format!("{error:?}")] {
        assert!(
            !shown.contains("lk_link") && !shown.contains("globex"),
            "{shown}"
        );
    }
    assert_eq!(error.to_string(), "the relay refused the mail (reply 554)");
}

#[tokio::test]
async fn a_broken_conversation_is_worth_another_try() {
    assert!(matches!(
        refused(Mood::HangUp).await,
        SendError::Temporary(_)
    ));
}

#[tokio::test]
async fn a_relay_that_is_not_there_is_worth_another_try() {
    // Bound and not listening: nobody else can come to be there.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("binds");
    let port = socket.local_addr().expect("an address").port();
    let mailer = Mailer::new(
        &format!("smtp://127.0.0.1:{port}").into(),
        "notify@mail.example",
    )
    .expect("a mailer");
    assert_eq!(
        mailer.send(&mail()).await,
        Err(SendError::Temporary(Cause::Connection))
    );
    assert_eq!(
        mailer.check().await,
        Err(SendError::Temporary(Cause::Connection))
    );
}

#[tokio::test]
async fn a_relay_without_starttls_is_refused_when_tls_is_required() {
    let (port, heard) = listen(Mood::Friendly).await;
    let url = format!("smtp://user:pw@127.0.0.1:{port}?tls=required").into();
    let mailer = Mailer::new(&url, "notify@mail.example").expect("a mailer");
    assert!(matches!(
        mailer.send(&mail()).await,
        Err(SendError::Temporary(_))
    ));
    drop(mailer);
    let heard = heard.await.expect("a conversation");
    assert!(
        !heard
            .iter()
            .any(|line| line.starts_with("AUTH") || line.starts_with("MAIL")),
        "{heard:?}"
    );
}

#[tokio::test]
async fn a_wrong_address_is_final_before_any_connection() {
    let mailer = Mailer::new(
        &"smtp://127.0.0.1:1".to_owned().into(),
        "notify@mail.example",
    )
    .expect("a mailer");
    for wrong in [
        "",
        "jo",
        "jo@globex.example\r\nBcc: x@evil.example",
        "jo@globex.example, x@evil.example",
    ] {
        let mail = Outgoing {
            to: (None, wrong.into()),
            ..mail()
        };
        assert_eq!(
            mailer.send(&mail).await,
            Err(SendError::Permanent(Cause::Address)),
            "{wrong}"
        );
    }
    for wrong in ["", "<>", "a b@c", "a@b\r\nBcc: x"] {
        let mail = Outgoing {
            message_id: wrong.into(),
            ..mail()
        };
        assert_eq!(
            mailer.send(&mail).await,
            Err(SendError::Permanent(Cause::Address)),
            "{wrong}"
        );
    }
}

#[test]
fn every_kind_of_url_is_understood() {
    for url in [
        "smtp://relay.example",
        "smtp://relay.example:587?tls=required",
        "smtp://user:pw@relay.example?tls=opportunistic",
        "smtps://user:p%40w@relay.example",
    ] {
        Mailer::new(&url.to_owned().into(), "notify@mail.example").expect(url);
    }
}

#[test]
fn a_wrong_setting_is_told_without_the_password() {
    for url in [
        "",
        "relay.example",
        "http://user:hunter2@relay.example",
        "smtp://user:hunter2@relay.example?tls=maybe",
    ] {
        let error = Mailer::new(&url.to_owned().into(), "notify@mail.example").expect_err(url);
        assert!(matches!(error, MailerError::Url));
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
    let good = "smtps://user:hunter2@relay.example".to_owned().into();
    assert!(matches!(
        Mailer::new(&good, "nobody"),
        Err(MailerError::From)
    ));
    let mailer = Mailer::new(&good, "notify@mail.example").expect("a mailer");
    assert!(!format!("{mailer:?}").contains("hunter2"));
    assert_eq!(mailer.from_address(), "notify@mail.example");
}
