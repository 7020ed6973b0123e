//! An SMTP relay that takes everything and keeps it.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);

pub struct Sink {
    pub address: SocketAddr,
    mails: mpsc::Receiver<String>,
}

impl Sink {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, mails) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let sender = sender.clone();
                // Whoever breaks off breaks off only its own conversation.
                thread::spawn(move || converse(stream, &sender));
            }
        });
        Self { address, mails }
    }

    /// The next mail to this address as it came, with the envelope's lines in front.
    pub fn next_to(&self, address: &str) -> String {
        let to = format!("<{address}>");
        let reaches = |mail: &String| {
            mail.lines()
                .any(|line| line.starts_with("RCPT") && line.contains(&to))
        };
        loop {
            let mail = self.mails.recv_timeout(PATIENCE).expect("a mail");
            if reaches(&mail) {
                return mail;
            }
        }
    }
}

fn converse(stream: TcpStream, mails: &mpsc::Sender<String>) -> io::Result<()> {
    let mut answers = stream.try_clone()?;
    let mut lines = BufReader::new(stream).lines();
    answers.write_all(b"220 sink\r\n")?;
    let mut mail = String::new();
    while let Some(line) = lines.next().transpose()? {
        let verb = line
            .split([' ', ':'])
            .next()
            .unwrap_or_default()
            .to_ascii_uppercase();
        let answer: &[u8] = match verb.as_str() {
            "EHLO" => b"250-sink\r\n250 8BITMIME\r\n",
            "MAIL" | "RCPT" => {
                mail.push_str(&line);
                mail.push('\n');
                b"250 ok\r\n"
            }
            "DATA" => {
                answers.write_all(b"354 go on\r\n")?;
                for line in lines.by_ref() {
                    let line = line?;
                    if line == "." {
                        break;
                    }
                    mail.push_str(&line);
                    mail.push('\n');
                }
                // Nobody waits for it any more when the test is over.
                let _ = mails.send(std::mem::take(&mut mail));
                b"250 kept\r\n"
            }
            "QUIT" => b"221 bye\r\n",
            _ => b"250 ok\r\n",
        };
        answers.write_all(answer)?;
    }
    Ok(())
}
