//! Accepts connections until it is told to stop, and ends those that are open so that no request on its way is lost.

use std::{convert::Infallible, future::Future, net::SocketAddr, pin::pin, time::Duration};

use axum::{Router, extract::ConnectInfo, serve::Listener};
use http::{HeaderValue, Response, Version, header};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::{conn::auto, graceful::GracefulShutdown},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::timeout,
};
use tower_service::Service;

/// How long a connection on which nobody asks is kept after the end of accepting. Whoever holds one is told with its next
/// answer not to use it again; a connection that is closed while a request is on its way loses that request.
pub const LINGER: Duration = Duration::from_secs(1);

/// Returns when the last answer has been given.
pub async fn serve_router(
    mut listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send,
    linger: Duration,
) {
    let graceful = GracefulShutdown::new();
    let ending = watch::Sender::new(false);
    let mut stop = pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            () = &mut stop => break,
            accepted = Listener::accept(&mut listener) => accepted,
        };
        connection(stream, peer, &router, &graceful, ending.subscribe());
    }
    drop(listener);
    ending.send_replace(true);
    let _all_left = timeout(linger, ending.closed()).await;
    graceful.shutdown().await;
}

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: &Router,
    graceful: &GracefulShutdown,
    ending: watch::Receiver<bool>,
) {
    // Without it an answer in two pieces waits for the client's acknowledgement of the first. Err: it has left.
    let _ = stream.set_nodelay(true);
    let router = router.clone();
    let service = service_fn(move |mut request: http::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let (mut router, ending) = (router.clone(), ending.clone());
        async move {
            let version = request.version();
            let mut answer = router.call(request).await?;
            if *ending.borrow() {
                close(&mut answer, version);
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let server = auto::Builder::new(TokioExecutor::new());
    let connection = server.serve_connection(TokioIo::new(stream), service);
    let connection = graceful.watch(connection.into_owned());
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended");
        }
    });
}

/// HTTP/2 has a frame for it, which `GracefulShutdown` sends.
fn close<B>(answer: &mut Response<B>, version: Version) {
    if version <= Version::HTTP_11 {
        let close = HeaderValue::from_static("close");
        answer.headers_mut().insert(header::CONNECTION, close);
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::{get, post};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        sync::oneshot,
        task::JoinHandle,
    };

    use super::*;

    /// Longer than any test takes.
    const FOREVER: Duration = Duration::from_secs(600);

    struct Running {
        address: SocketAddr,
        stop: Option<oneshot::Sender<()>>,
        task: JoinHandle<()>,
    }

    impl Running {
        async fn start(linger: Duration) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let who = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() };
            let router = Router::new()
                .route("/", get(who))
                .route("/", post(|| async { "done" }));
            let (stop, stopped) = oneshot::channel();
            let stopped = async { stopped.await.unwrap() };
            let task = tokio::spawn(serve_router(listener, router, stopped, linger));
            Self {
                address,
                stop: Some(stop),
                task,
            }
        }

        /// Until nobody is let in.
        async fn stop(&mut self) {
            self.stop.take().unwrap().send(()).unwrap();
            while TcpStream::connect(self.address).await.is_ok() {
                tokio::task::yield_now().await;
            }
        }

        async fn ended(self) {
            timeout(Duration::from_secs(20), self.task)
                .await
                .unwrap()
                .unwrap();
        }
    }

    async fn ask(stream: &mut TcpStream, method: &str) -> String {
        let request = format!("{method} / HTTP/1.1\r\nhost: here\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = vec![0; 1000];
        let length = stream.read(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer[..length]).into_owned()
    }

    #[tokio::test]
    async fn a_request_on_an_old_connection_is_answered_and_is_its_last() {
        let mut running = Running::start(FOREVER).await;
        let mut client = TcpStream::connect(running.address).await.unwrap();
        let own = client.local_addr().unwrap().to_string();
        let first = ask(&mut client, "GET").await;
        assert!(
            first.ends_with(&own) && !first.contains("connection: close"),
            "{first}"
        );
        running.stop().await;
        let last = ask(&mut client, "POST").await;
        assert!(
            last.ends_with("done") && last.contains("connection: close"),
            "{last}"
        );
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
        running.ended().await;
    }

    #[tokio::test]
    async fn who_was_let_in_and_had_not_spoken_yet_is_heard() {
        let mut running = Running::start(FOREVER).await;
        let mut silent = TcpStream::connect(running.address).await.unwrap();
        let mut client = TcpStream::connect(running.address).await.unwrap();
        // The one before it was accepted by then.
        ask(&mut client, "GET").await;
        drop(client);
        running.stop().await;
        let answer = ask(&mut silent, "POST").await;
        assert!(answer.ends_with("done"), "{answer}");
        running.ended().await;
    }

    #[tokio::test]
    async fn a_connection_on_which_nobody_asks_does_not_hold_the_end_up() {
        let mut running = Running::start(Duration::ZERO).await;
        let mut client = TcpStream::connect(running.address).await.unwrap();
        ask(&mut client, "GET").await;
        running.stop().await;
        running.ended().await;
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
    }
}
