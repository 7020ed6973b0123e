use crate::commands::edge;
use crate::commands::operator::{Operator, Part};
use crate::commands::signals::Signals;
use crate::commands::{CommandError, Result, block_on};
use crate::edge_thread::EdgeThread;
use crate::handover::Sockets;
use crate::settings::{Settings, Upstream};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

pub fn run(settings: &Settings, sockets: Sockets) -> Result<()> {
    let sockets = Arc::new(sockets);
    let mut config = edge::config(
        settings,
        &sockets,
        upstreams(settings)?,
        settings.edge_secret()?.clone(),
    )?;
    let again = settings.app_upstreams.clone();
    config.find_upstreams = Some(Arc::new(move || resolved(&again)));
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

/// All addresses behind all names, or an error where one is not known. Blocks.
fn resolved(upstreams: &[Upstream]) -> io::Result<Vec<SocketAddr>> {
    let all: io::Result<Vec<_>> = upstreams.iter().map(Upstream::resolve).collect();
    Ok(all?.concat())
}

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
