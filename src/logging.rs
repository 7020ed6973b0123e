use crate::settings::{LogFormat, Settings};
use std::io::{IsTerminal, stderr};
use tracing_subscriber::EnvFilter;

/// Sends the log to standard error, so that standard output carries nothing but answers.
pub fn start(settings: &Settings) {
    start_with(&settings.log, settings.log_format);
}

/// For a command without settings. `filter` is a constant that parses.
pub fn start_plain(filter: &str) {
    start_with(filter, LogFormat::Text);
}

fn start_with(filter: &str, format: LogFormat) {
    // The settings hold only filters that parse.
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr);
    match format {
        LogFormat::Text => log.with_ansi(stderr().is_terminal()).init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
}
