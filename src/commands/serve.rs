use crate::commands::app::App;
use crate::commands::edge;
use crate::commands::operator::{Operator, Part};
use crate::commands::signals::Signals;
use crate::commands::{CommandError, Result, block_on};
use crate::edge_thread::EdgeThread;
use crate::handover::Sockets;
use crate::settings::Settings;
use latchkey_tenants::{Entropy, SystemEntropy};
use std::sync::Arc;

pub fn run(settings: &Settings, sockets: Sockets) -> Result<()> {
    let sockets = Arc::new(sockets);
    let edge_secret = match settings.edge_secret() {
        Ok(set) => set.clone(),
        Err(_) => (&SystemEntropy::new() as &dyn Entropy).token().into(),
    };
    block_on(async {
        let mut signals = Signals::watch()?;
        let app = App::start(settings, &sockets, Some(edge_secret.clone())).await?;
        let operator = Operator::listen(settings, &sockets)?;
        let config = edge::config(settings, &sockets, vec![app.address()?], edge_secret)?;
        let edge = tokio::task::block_in_place(|| EdgeThread::start(config))
            .map_err(CommandError::because("cannot start the edge"))?;
        let operator = operator.serve(vec![
            Part::App(app.platform.clone()),
            Part::Edge(edge.status.clone()),
        ]);
        let platform = app.platform.clone();
        // Streams end first, or the edge would wait for them; then the edge, and the app when nobody asks any more.
        let served = app
            .serve(async move {
                sockets.ready();
                signals.stop_or_replaced(&sockets).await;
                platform.drain();
                if tokio::task::spawn_blocking(|| edge.stop()).await.is_err() {
                    tracing::error!("the edge could not be stopped in order");
                }
            })
            .await;
        operator.abort();
        served
    })
}
