//! Whether the shared counters would take commands, for whoever sets an installation up.

use redis::{Client, ErrorKind, RedisError};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;
use tokio::time::timeout;

#[derive(Debug, thiserror::Error)]
pub enum PingError {
    /// It may hold a password, so it is not shown.
    #[error("its URL cannot be read")]
    Url,
    #[error("it did not answer in time")]
    Late,
    #[error("it refuses the user or the password")]
    Refused,
    #[error(transparent)]
    Other(RedisError),
}

/// Connects as the limiter does and sends PING.
pub async fn ping(url: &SecretString, patience: Duration) -> Result<(), PingError> {
    let client = Client::open(url.expose_secret()).map_err(|_| PingError::Url)?;
    let asked = async {
        let mut connection = client.get_multiplexed_async_connection().await?;
        redis::cmd("PING").exec_async(&mut connection).await
    };
    match timeout(patience, asked).await {
        Ok(answered) => answered.map_err(PingError::of),
        Err(_) => Err(PingError::Late),
    }
}

impl PingError {
    fn of(error: RedisError) -> Self {
        let unknown = error.kind() == ErrorKind::AuthenticationFailed;
        match error.code() {
            _ if unknown => Self::Refused,
            Some("NOAUTH" | "WRONGPASS") => Self::Refused,
            _ => Self::Other(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    use tokio::net::{TcpListener, TcpStream};

    /// A Redis whose password is `right`.
    async fn guarded() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream));
            }
        });
        address
    }

    /// Ends with the connection.
    async fn converse(stream: TcpStream) -> Option<()> {
        let (reader, mut writer) = stream.into_split();
        let mut lines = BufReader::new(reader).lines();
        let mut known = false;
        while let Some(count) = lines.next_line().await.ok()? {
            let mut words = Vec::new();
            for _ in 0..count.strip_prefix('*')?.parse().ok()? {
                lines.next_line().await.ok()??;
                words.push(lines.next_line().await.ok()??);
            }
            let auth = words[0] == "AUTH";
            known |= auth && words.last()? == "right";
            let answer = match known {
                false if auth => "-WRONGPASS invalid username-password pair\r\n",
                false => "-NOAUTH Authentication required.\r\n",
                true if words[0] == "PING" => "+PONG\r\n",
                true => "+OK\r\n",
            };
            writer.write_all(answer.as_bytes()).await.ok()?;
        }
        None
    }

    async fn pinged(url: String) -> Result<(), PingError> {
        ping(&url.into(), Duration::from_secs(20)).await
    }

    #[tokio::test]
    async fn only_a_redis_that_takes_commands_answers() {
        let address = guarded().await;
        pinged(format!("redis://:right@{address}")).await.unwrap();
        for url in [
            format!("redis://:hunter2@{address}"),
            format!("redis://{address}"),
        ] {
            let error = pinged(url).await.unwrap_err();
            assert!(matches!(error, PingError::Refused), "{error:?}");
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
        let error = pinged("redis://127.0.0.1:1".to_owned()).await.unwrap_err();
        assert!(matches!(error, PingError::Other(_)), "{error:?}");
    }

    #[tokio::test]
    async fn whoever_says_nothing_is_late() {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("redis://{}", silent.local_addr().unwrap());
        let error = ping(&url.into(), Duration::from_millis(50)).await;
        assert!(matches!(error, Err(PingError::Late)), "{error:?}");
    }
}
