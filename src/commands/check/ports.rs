//! The ports that this installation listens on.

use super::{PATIENCE, Report};
use crate::commands::Result;
use crate::settings::{Setting, Settings};
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// More than `/livez` ever answers.
const ANSWER: u64 = 4096;

pub async fn check_ports(settings: &Settings, report: &mut Report) -> Result<()> {
    let runs = is_alive(settings.admin_listen).await;
    let mut ports = Vec::new();
    for address in &settings.http_listen {
        ports.push(("http port", Setting::HttpListen, *address));
    }
    for address in &settings.https_listen {
        ports.push(("https port", Setting::HttpsListen, *address));
    }
    ports.push(("app port", Setting::AppListen, settings.app_listen));
    ports.push(("admin port", Setting::AdminListen, settings.admin_listen));
    for (part, setting, address) in ports {
        let found = match TcpListener::bind(address).await {
            Ok(_) => Ok(address.to_string()),
            Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
                Err(format!("{address}: {error}"))
            }
            Err(_) if runs => Ok(format!("{address}: in use by this installation")),
            Err(_) => Err(format!(
                "{address} is in use by another program: stop that one, or change {}",
                setting.variable()
            )),
        };
        report.outcome(part, found)?;
    }
    Ok(())
}

/// Whether an installation runs here: its operator's listener says so.
async fn is_alive(admin: SocketAddr) -> bool {
    let asked = async {
        let mut stream = TcpStream::connect(admin).await?;
        let request = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await?;
        let mut answer = Vec::new();
        stream.take(ANSWER).read_to_end(&mut answer).await?;
        Ok::<_, io::Error>(answer.starts_with(b"HTTP/1.1 200") && answer.ends_with(b"\r\n\r\nok\n"))
    };
    matches!(timeout(PATIENCE, asked).await, Ok(Ok(true)))
}
