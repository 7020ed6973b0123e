use std::{io, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufStream},
    task::spawn_blocking,
    time::timeout,
};

use super::{
    command::{Command, Misuse},
    data::{DataReader, TooBig},
};
use crate::demo::mailbox::{Envelope, Mailbox};

pub const MAX_MESSAGE: usize = 1024 * 1024;
pub const MAX_RECIPIENTS: usize = 100;
/// RFC 5321 §4.5.3.1.4 asks for 512 and more for extensions.
const MAX_LINE: u64 = 2048;
/// For a line, or for the next piece of a message.
const IDLE: Duration = Duration::from_secs(60);

/// One conversation, to its end.
pub async fn run<S>(stream: S, mailbox: Mailbox) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut session = Session {
        stream: BufStream::new(stream),
        mailbox,
        greeted: false,
        from: None,
        to: Vec::new(),
    };
    session.reply("220 localhost ESMTP demo mailbox").await?;
    while let Some(line) = session.line().await? {
        let goes_on = match Command::parse(&line) {
            Ok(command) => session.obey(command).await?,
            Err(misuse) => session.correct(misuse).await?,
        };
        if !goes_on {
            break;
        }
    }
    Ok(())
}

struct Session<S> {
    stream: BufStream<S>,
    mailbox: Mailbox,
    greeted: bool,
    from: Option<String>,
    to: Vec<String>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// `false` ends the conversation.
    async fn obey(&mut self, command: Command) -> io::Result<bool> {
        match command {
            Command::Ehlo | Command::Helo => self.greet(command == Command::Ehlo).await?,
            Command::Mail { from, size } => self.mail(from, size).await?,
            Command::Rcpt { to } => self.rcpt(to).await?,
            Command::Data => self.data().await?,
            Command::Rset => {
                self.forget();
                self.reply("250 2.0.0 Forgotten").await?;
            }
            Command::Noop => self.reply("250 2.0.0 Still here").await?,
            Command::Quit => {
                self.reply("221 2.0.0 Bye").await?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn correct(&mut self, misuse: Misuse) -> io::Result<bool> {
        self.reply(match misuse {
            Misuse::Unknown => "502 5.5.1 Command not known here",
            Misuse::Syntax => "501 5.5.4 Command not understood",
        })
        .await?;
        Ok(true)
    }

    async fn greet(&mut self, extended: bool) -> io::Result<()> {
        self.forget();
        self.greeted = true;
        if !extended {
            return self.reply("250 localhost").await;
        }
        let extensions = format!(
            "250-localhost\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n\
             250-ENHANCEDSTATUSCODES\r\n250 SIZE {MAX_MESSAGE}"
        );
        self.reply(&extensions).await
    }

    async fn mail(&mut self, from: String, size: Option<u64>) -> io::Result<()> {
        if !self.greeted || self.from.is_some() {
            return self.out_of_turn().await;
        }
        if size.is_some_and(|size| size > MAX_MESSAGE as u64) {
            return self.too_big().await;
        }
        self.from = Some(from);
        self.reply("250 2.1.0 Sender taken").await
    }

    async fn rcpt(&mut self, to: String) -> io::Result<()> {
        if self.from.is_none() {
            return self.out_of_turn().await;
        }
        if self.to.len() == MAX_RECIPIENTS {
            return self.reply("452 4.5.3 Too many recipients").await;
        }
        self.to.push(to);
        self.reply("250 2.1.5 Recipient taken").await
    }

    async fn data(&mut self) -> io::Result<()> {
        let Some(from) = self.from.clone().filter(|_| !self.to.is_empty()) else {
            return self.out_of_turn().await;
        };
        self.reply("354 Go on, end with a dot on a line of its own")
            .await?;
        let message = self.message().await?;
        let envelope = Envelope {
            from,
            to: std::mem::take(&mut self.to),
        };
        self.forget();
        let Ok(message) = message else {
            return self.too_big().await;
        };
        let mailbox = self.mailbox.clone();
        match spawn_blocking(move || mailbox.deliver(&envelope, &message)).await? {
            Ok(mail) => self.reply(&format!("250 2.0.0 Kept as {}", mail.id)).await,
            Err(error) => {
                tracing::error!(%error, "the demo's mailbox could not write a mail");
                self.reply("452 4.3.1 Could not be written, try again")
                    .await
            }
        }
    }

    async fn message(&mut self) -> io::Result<Result<Vec<u8>, TooBig>> {
        let mut reader = DataReader::new(MAX_MESSAGE);
        while !reader.is_complete() {
            let piece = timeout(IDLE, self.stream.fill_buf()).await??;
            if piece.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let used = reader.feed(piece);
            self.stream.consume(used);
        }
        Ok(reader.finish())
    }

    fn forget(&mut self) {
        self.from = None;
        self.to.clear();
    }

    async fn out_of_turn(&mut self) -> io::Result<()> {
        self.reply("503 5.5.1 Not now").await
    }

    async fn too_big(&mut self) -> io::Result<()> {
        self.reply("552 5.3.4 The message is too big").await
    }

    async fn reply(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(text.as_bytes()).await?;
        self.stream.write_all(b"\r\n").await?;
        timeout(IDLE, self.stream.flush()).await?
    }

    /// `None` at the end of the connection. A line over the limit ends it too: nobody knows where it stops.
    async fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        let mut limited = (&mut self.stream).take(MAX_LINE);
        timeout(IDLE, limited.read_until(b'\n', &mut line)).await??;
        if line.last() != Some(&b'\n') {
            if line.len() as u64 == MAX_LINE {
                self.reply("500 5.5.6 Line too long").await?;
            }
            return Ok(None);
        }
        Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()))
    }
}
