use crate::commands::edge;
use crate::commands::operator::{Operator, Part};
use crate::commands::signals::Signals;
use crate::commands::{CommandError, Result, block_on};
use crate::edge_thread::EdgeThread;
use crate::handover::Sockets;
use crate::settings::Settings;
use std::net::SocketAddr;
use std::sync::Arc;

pub fn run(settings: &Settings, sockets: Sockets) -> Result<()> {
    let sockets = Arc::new(sockets);
    let config = edge::config(
        settings,
        &sockets,
        upstreams(settings)?,
        settings.edge_secret()?.clone(),
    )?;
    block_on(async {
        let mut signals = Signals::watch()?;
        let operator = Operator::listen(settings, &sockets)?;
        let edge = tokio::task::block_in_place(|| EdgeThread::start(config))
            .map_err(CommandError::because("cannot start the edge"))?;
        let operator = operator.serve(vec![Part::Edge(edge.status.clone())]);
        sockets.ready();
        signals.stop_or_replaced(&sockets).await;
        tokio::task::block_in_place(|| edge.stop());
        operator.abort();
        Ok(())
    })
}

/// Names are resolved once: an edge follows apps that move only after a restart.
fn upstreams(settings: &Settings) -> Result<Vec<SocketAddr>> {
    let mut found = Vec::new();
    for upstream in &settings.app_upstreams {
        let addresses = upstream.resolve().map_err(CommandError::because(format!(
            "cannot find the app at {upstream}"
        )))?;
        found.extend(addresses);
    }
    Ok(found)
}
