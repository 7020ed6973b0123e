use crate::settings::{LogFormat, Settings};
use std::io::{IsTerminal, stderr};
use tracing_subscriber::EnvFilter;

/// Sends the log to standard error, so that standard output carries nothing but answers.
pub fn start(settings: &Settings) {
    // The settings hold only filters that parse.
    let filter = EnvFilter::try_new(&settings.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr);
    match settings.log_format {
        LogFormat::Text => log.with_ansi(stderr().is_terminal()).init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
}
