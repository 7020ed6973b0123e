//! Apps that speak HTTP/2 without TLS, stream by stream.

use h2::RecvStream;
use h2::server::SendResponse;
use http::{Request, Response};
use hyper::body::Bytes;
use std::net::SocketAddr;
use tokio::net::TcpListener;

pub type Asked = Request<RecvStream>;
pub type Answer = SendResponse<Bytes>;

/// Speaks HTTP/2 without TLS; the connection's number goes with each request.
pub async fn app<F>(
    serve: impl Fn(usize, Asked, Answer) -> F + Clone + Send + 'static,
) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve_on(listener, serve));
    address
}

pub async fn serve_on<F>(
    listener: TcpListener,
    serve: impl Fn(usize, Asked, Answer) -> F + Clone + Send + 'static,
) where
    F: Future<Output = ()> + Send + 'static,
{
    for number in 0.. {
        let (stream, _) = listener.accept().await.unwrap();
        let serve = serve.clone();
        tokio::spawn(async move {
            let mut connection = h2::server::handshake(stream).await.unwrap();
            while let Some(Ok((request, answer))) = connection.accept().await {
                tokio::spawn(serve(number, request, answer));
            }
        });
    }
}

pub fn say(answer: &mut Answer, text: String) {
    let mut body = answer.send_response(Response::new(()), false).unwrap();
    body.send_data(text.into(), true).unwrap();
}

/// What an app saw.
pub async fn repeat(_connection: usize, request: Asked, mut answer: Answer) {
    say(
        &mut answer,
        format!("{} {:?}", request.uri(), request.headers()),
    );
}
