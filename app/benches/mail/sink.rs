use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// A relay that takes everything and keeps nothing but the count.
pub struct Sink {
    pub port: u16,
    taken: Arc<Taken>,
}

#[derive(Default)]
struct Taken {
    mails: AtomicUsize,
    bytes: AtomicUsize,
}

impl Sink {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let taken = Arc::new(Taken::default());
        let all = Arc::clone(&taken);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let all = Arc::clone(&all);
                tokio::spawn(async move { converse(stream, &all).await });
            }
        });
        Self { port, taken }
    }

    pub fn taken(&self) -> usize {
        self.taken.mails.load(Ordering::Relaxed)
    }

    pub fn bytes(&self) -> usize {
        self.taken.bytes.load(Ordering::Relaxed)
    }
}

async fn converse(mut stream: TcpStream, taken: &Taken) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (read, mut write) = stream.split();
    let mut lines = BufReader::new(read);
    write.write_all(b"220 sink.example\r\n").await?;
    let mut line = Vec::new();
    let mut in_mail = false;
    loop {
        line.clear();
        if lines.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let answer: &[u8] = match (in_mail, line.get(..4)) {
            (true, _) if line != b".\r\n" => {
                taken.bytes.fetch_add(line.len(), Ordering::Relaxed);
                continue;
            }
            (true, _) => {
                in_mail = false;
                taken.mails.fetch_add(1, Ordering::Relaxed);
                b"250 taken\r\n"
            }
            (false, Some(b"EHLO")) => b"250-sink.example\r\n250 8BITMIME\r\n",
            (false, Some(b"DATA")) => {
                in_mail = true;
                b"354 go on\r\n"
            }
            (false, Some(b"QUIT")) => return write.write_all(b"221 bye\r\n").await,
            (false, _) => b"250 ok\r\n",
        };
        write.write_all(answer).await?;
    }
}
