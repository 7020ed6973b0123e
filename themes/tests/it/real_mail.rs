//! Mails as others see them: a verifier of signatures and an SMTP server that are not ours.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use latchkey_themes::{
    Mailer, Outgoing, SendError,
    dkim::{NewKey, Signer, new_key, txt_record},
    smtp::Cause,
};

const DOMAIN: &str = "mail.northwind.example";

fn python(variable: &str) -> Option<PathBuf> {
    let python = std::env::var_os(variable);
    if python.is_none() {
        println!("left out: {variable} is not set");
    }
    python.map(PathBuf::from)
}

fn tool(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/tools")
        .join(name)
}

/// A running server; it ends when its input closes.
struct Server {
    child: Child,
    _input: ChildStdin,
    output: BufReader<ChildStdout>,
    port: u16,
}

impl Server {
    fn start(python: &Path, mood: &str) -> Self {
        let mut child = Command::new(python)
            .args(["-B"])
            .arg(tool("smtp_server.py"))
            .arg(mood)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let input = child.stdin.take().expect("an input");
        let mut output = BufReader::new(child.stdout.take().expect("an output"));
        let mut port = String::new();
        output.read_line(&mut port).expect("its port");
        Self {
            child,
            _input: input,
            output,
            port: port.trim().parse().expect("a port"),
        }
    }

    fn mailer(&self) -> Mailer {
        let url = format!("smtp://127.0.0.1:{}", self.port).into();
        Mailer::new(&url, "notify@sender.example").expect("a mailer")
    }

    /// Envelope sender and bytes of the next mail that it took.
    fn taken(&mut self) -> (String, Vec<u8>) {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("a mail");
        let taken: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        let message = STANDARD.decode(taken["message"].as_str().expect("a message"));
        let from = taken["from"].as_str().expect("a sender").to_owned();
        (from, message.expect("base64"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn letter(signer: Option<Signer>) -> Outgoing {
    Outgoing {
        from_name: "Nordwind Büro".to_owned(),
        from: Some(format!("notify@{DOMAIN}")),
        return_path: Some(format!(
            "b+0123456789abcdef0123456789abcdef@bounce.{DOMAIN}"
        )),
        reply_to: Some("help@northwind.example".to_owned()),
        to: (Some("Jo Päрк".to_owned()), "jo@globex.example".to_owned()),
        subject:
            "Erinnerung: verbinden Sie Slack – wir warten noch auf Sie, und diese Zeile ist lang"
                .to_owned(),
        html: format!("<p dir=\"rtl\">مرحبا .</p>\r\n{}", "<p>.</p>\n".repeat(200)),
        text: format!(".\n..\nFrom here on\n{}\n   \n\n", "äöü ".repeat(300)),
        message_id: format!("mal_1@{DOMAIN}"),
        language: "ar".to_owned(),
        unsubscribe: Some(
            "https://connect.northwind.example/unsubscribe/0123456789abcdef0123456789abcdef"
                .to_owned(),
        ),
        signer,
    }
}

fn verify(python: &Path, key: &str, message: &[u8]) -> (bool, String) {
    let mut child = Command::new(python)
        .args(["-B"])
        .arg(tool("dkim_verify.py"))
        .arg(format!("m1._domainkey.{DOMAIN}"))
        .arg(txt_record(key))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the verifier starts");
    let mut input = child.stdin.take().expect("an input");
    input.write_all(message).expect("written");
    drop(input);
    let answer = child.wait_with_output().expect("an answer");
    let said = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
    (answer.status.success(), said)
}

fn key() -> (NewKey, Signer) {
    let made = new_key().expect("a key");
    let signer = Signer::new("m1", &made.private_key).expect("a signer");
    (made, signer)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_relay_gets_is_signed_so_that_dkimpy_agrees() {
    let (Some(dkimpy), Some(aiosmtpd)) = (
        python("LATCHKEY_TEST_DKIMPY"),
        python("LATCHKEY_TEST_AIOSMTPD"),
    ) else {
        return;
    };
    let (made, signer) = key();
    let mut server = Server::start(&aiosmtpd, "friendly");
    let mailer = server.mailer();
    mailer.send(&letter(Some(signer))).await.expect("taken");
    let (from, message) = server.taken();
    assert_eq!(
        from,
        format!("b+0123456789abcdef0123456789abcdef@bounce.{DOMAIN}")
    );
    assert_eq!(
        verify(&dkimpy, &made.public_key, &message),
        (true, DOMAIN.to_owned())
    );
    let text = String::from_utf8(message.clone()).expect("ASCII");
    let head = text.split("\r\n\r\n").next().expect("headers");
    let one_click = "List-Unsubscribe-Post: List-Unsubscribe=One-Click";
    assert!(head.contains(one_click), "{head}");
    let unsubscribe = "List-Unsubscribe: <https://connect.northwind.example/unsubscribe/0123456789abcdef0123456789abcdef>";
    assert!(head.contains(unsubscribe), "{head}");
    for changed in [
        text.replacen("globex.example", "globex.invalid", 1),
        text.replacen("List-Unsubscribe: <https", "List-Unsubscribe: <http", 1),
        format!("{text}more\r\n"),
    ] {
        assert_ne!(changed, text);
        assert!(!verify(&dkimpy, &made.public_key, changed.as_bytes()).0);
    }
    let (other, _) = key();
    assert!(
        !verify(&dkimpy, &other.public_key, &message).0,
        "another key"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_server_refuses_delays_and_hangs_up_in_every_phase() {
    let Some(aiosmtpd) = python("LATCHKEY_TEST_AIOSMTPD") else {
        return;
    };
    for phase in ["EHLO", "MAIL", "RCPT", "DATA"] {
        for (end, permanent) in [("451", false), ("554", true)] {
            let server = Server::start(&aiosmtpd, &format!("{phase}:{end}"));
            let error = server.mailer().send(&letter(None)).await.unwrap_err();
            assert_eq!(error.is_permanent(), permanent, "{phase}:{end} {error}");
            assert_eq!(error.code(), end.parse().ok(), "{phase}:{end}");
            assert!(!error.to_string().contains("globex"), "{error}");
        }
    }
    for phase in ["EHLO", "MAIL", "RCPT", "DATA", "body"] {
        let server = Server::start(&aiosmtpd, &format!("{phase}:drop"));
        let error = server.mailer().send(&letter(None)).await.unwrap_err();
        let temporary = matches!(
            error,
            SendError::Temporary(Cause::Connection | Cause::Protocol)
        );
        assert!(temporary, "{phase}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_greylisted_mail_is_taken_at_the_second_try() {
    let Some(aiosmtpd) = python("LATCHKEY_TEST_AIOSMTPD") else {
        return;
    };
    let mut server = Server::start(&aiosmtpd, "greylist");
    let mailer = server.mailer();
    let error = mailer.send(&letter(None)).await.unwrap_err();
    assert_eq!(error, SendError::Temporary(Cause::Reply(450)));
    mailer.send(&letter(None)).await.expect("taken");
    assert!(server.taken().1.starts_with(b"From: "));
}
