use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use tempfile::TempDir;

/// Far above what anything here takes; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// An installation in a directory of its own.
pub struct Installation {
    directory: TempDir,
    settings: Vec<(String, String)>,
}

impl Installation {
    /// Without any setting.
    pub fn empty() -> Self {
        Self {
            directory: TempDir::new().unwrap(),
            settings: Vec::new(),
        }
    }

    /// With all that `latchkey serve` needs, on free ports.
    pub fn new() -> Self {
        let mut installation = Self::empty();
        for (name, value) in [
            (
                "LATCHKEY_VAULT_KEY",
                "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
            ),
            (
                "LATCHKEY_EDGE_KEY",
                "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=",
            ),
            ("LATCHKEY_PLATFORM_HOST", "connect.example"),
            ("LATCHKEY_PUBLIC_ORIGIN", "http://{host}:8080"),
            ("LATCHKEY_HTTP_LISTEN", "127.0.0.1:0"),
            ("LATCHKEY_HTTPS_LISTEN", "127.0.0.1:0"),
            ("LATCHKEY_ISSUER", "internal"),
            ("LATCHKEY_APP_LISTEN", "127.0.0.1:0"),
            ("LATCHKEY_ADMIN_LISTEN", "127.0.0.1:0"),
            ("LATCHKEY_LOG_FORMAT", "json"),
        ] {
            installation = installation.with(name, value);
        }
        installation
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    pub fn run(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
        command
            .args(line.split_whitespace())
            .env_clear()
            .envs(self.settings.iter().cloned())
            .current_dir(self.path());
        command
    }

    pub fn start(&self, line: &str) -> Running {
        let mut command = self.command(line);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let log = child.stderr.take().unwrap();
        Running {
            child,
            log: lines(log),
        }
    }
}

fn lines(log: ChildStderr) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(log).lines().map_while(Result::ok) {
            // Shown by the test runner when the test fails.
            println!("{line}");
            // The test may have ended; the pipe is read on, or the program would block.
            let _ = sender.send(line);
        }
    });
    receiver
}

/// A program that serves, killed when dropped.
pub struct Running {
    child: Child,
    log: mpsc::Receiver<String>,
}

impl Running {
    /// The address that a log line with this message names.
    pub fn address(&self, message: &str) -> SocketAddr {
        loop {
            let line = self.log.recv_timeout(PATIENCE).expect("a line of the log");
            let line: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
            if line["message"] == message {
                return line["address"].as_str().unwrap().parse().unwrap();
            }
        }
    }

    /// How it ended by itself.
    pub fn ended(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Asks it to stop as an operator would.
    pub fn terminate(&mut self) -> ExitStatus {
        let id = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(asked.success());
        self.child.wait().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request; the whole answer.
pub fn get(address: SocketAddr, host: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
