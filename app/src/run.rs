use std::{future::Future, io, time::Duration};

use tokio::{
    net::TcpListener,
    sync::oneshot,
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::{jobs::Worker, platform::Platform, server::serve};

/// How long running requests may go on after a stop. Streams and long polls end at once.
const REQUESTS: Duration = Duration::from_secs(10);
/// How long running jobs may. One that is cut is run again by another worker.
const JOBS: Duration = Duration::from_secs(10);
/// How long the database's connections may take to come home.
const CONNECTIONS: Duration = Duration::from_secs(2);

/// Serves the app and does its jobs until `stop` resolves. Then it says that it is not ready, lets requests end, then
/// jobs, and closes the store.
///
/// # Errors
/// When the worker ends by itself.
pub async fn run(
    platform: Platform,
    app: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    if let Err(error) = platform.store.preview_host_add().await {
        tracing::warn!(%error, "the host of previews could not be added; it will be with the first preview");
    }
    let (work, worked) = oneshot::channel::<()>();
    let mut worker = tokio::spawn(Worker::new(platform.clone()).run(async {
        // Dropping the sender is the wish.
        let _ = worked.await;
    }));
    let served = tokio::select! {
        () = serve_and_drain(app, platform.clone(), stop) => Ok(()),
        _ = &mut worker => Err(io::Error::other("the worker ended by itself")),
    };
    platform.drain();
    drop(work);
    end(worker).await;
    if timeout(CONNECTIONS, platform.store.close()).await.is_err() {
        tracing::warn!("the database's connections were not given back in time");
    }
    served
}

async fn serve_and_drain(
    listener: TcpListener,
    platform: Platform,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let (stopping, stopped) = oneshot::channel();
    let stop = async move {
        stop.await;
        tracing::info!("the app drains");
        // Nobody listens when serving has ended by itself.
        let _ = stopping.send(());
    };
    let late = async {
        let _ = stopped.await;
        sleep(REQUESTS).await;
    };
    tokio::select! {
        () = serve(listener, platform, stop) => {}
        () = late => tracing::warn!(after = ?REQUESTS, "requests that still run are cut"),
    }
}

async fn end(mut worker: JoinHandle<()>) {
    if !worker.is_finished() && timeout(JOBS, &mut worker).await.is_err() {
        tracing::warn!(after = ?JOBS, "jobs that still run are cut");
        worker.abort();
    }
}
