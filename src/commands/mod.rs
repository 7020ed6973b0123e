//! One file per command. Answers go to standard output, everything else to standard error.

mod agency;
mod app;
mod check;
mod demo;
mod edge;
mod key;
mod mail;
mod migrate;
mod operator;
mod proxy;
mod serve;
mod signals;
mod store;
mod theme;
mod theme_check;
mod why;

use crate::cli::{self, Cli, Command};
use crate::handover::Sockets;
use crate::logging;
use crate::settings::{Role, Settings, SettingsErrors};
use std::error::Error;
use std::future::Future;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Settings(#[from] SettingsErrors),
    /// `context` says what could not be done, as a sentence without a full stop.
    #[error("{context}")]
    Failed {
        context: String,
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// What it was given cannot be used, so nothing was tried.
    #[error("{context}")]
    Unusable {
        context: String,
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// As `Failed`, but whoever asked shall ask again: a mail server keeps the mail then.
    #[error("{context}")]
    TryAgain {
        context: String,
        source: Option<Box<dyn Error + Send + Sync>>,
    },
}

pub type Result<T> = std::result::Result<T, CommandError>;

impl CommandError {
    fn new(context: impl Into<String>) -> Self {
        Self::Failed {
            context: context.into(),
            source: None,
        }
    }

    /// For `map_err`.
    fn because<E: Error + Send + Sync + 'static>(
        context: impl Into<String>,
    ) -> impl FnOnce(E) -> Self {
        let context = context.into();
        move |source| Self::Failed {
            context,
            source: Some(Box::new(source)),
        }
    }

    fn wrong(context: impl Into<String>) -> Self {
        Self::Unusable {
            context: context.into(),
            source: None,
        }
    }

    /// For `map_err`.
    fn unusable<E: Error + Send + Sync + 'static>(
        context: impl Into<String>,
    ) -> impl FnOnce(E) -> Self {
        let context = context.into();
        move |source| Self::Unusable {
            context,
            source: Some(Box::new(source)),
        }
    }

    fn or_again(self) -> Self {
        match self {
            Self::Failed { context, source } => Self::TryAgain { context, source },
            other => other,
        }
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Settings(_) | Self::Unusable { .. } => ExitCode::from(2),
            Self::Failed { .. } => ExitCode::FAILURE,
            // EX_TEMPFAIL of sysexits.h.
            Self::TryAgain { .. } => ExitCode::from(75),
        }
    }
}

pub fn run(cli: Cli, sockets: Sockets) -> ExitCode {
    match dispatch(cli, sockets) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            error.exit_code()
        }
    }
}

fn dispatch(cli: Cli, sockets: Sockets) -> Result<()> {
    let config = cli.config.as_deref();
    let Some(command) = cli.command else {
        return answer(cli::help().trim_end());
    };
    match command {
        Command::Demo(options) => demo::run(&options),
        Command::Serve => serve::run(&settings(Role::Serve, config)?, sockets),
        Command::App => app::run(&settings(Role::App, config)?, sockets),
        Command::Proxy => proxy::run(&settings(Role::Proxy, config)?, sockets),
        Command::Migrate => migrate::run(&settings(Role::Migrate, config)?),
        Command::Check => check::run(&settings(Role::Check, config)?),
        Command::Why(options) => why::run(&settings(Role::Why, config)?, &options),
        Command::Agency(command) => agency::run(&settings(Role::Agency, config)?, command),
        Command::Theme(command) => theme::run(command),
        Command::ThemeCheck => theme_check::run(),
        Command::Mail(command) => mail::run(&settings(Role::Mail, config)?, command),
        Command::Key(cli::Key::New) => key::new(&latchkey_tenants::SystemEntropy::new()),
    }
}

fn settings(role: Role, config: Option<&Path>) -> Result<Settings> {
    let settings = Settings::load(role, config)?;
    logging::start(&settings);
    Ok(settings)
}

/// One line on standard output.
fn answer(line: &str) -> Result<()> {
    writeln!(io::stdout(), "{line}").map_err(CommandError::because("cannot write the answer"))
}

fn report(error: &CommandError) {
    eprintln!("error: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        eprintln!("  because: {cause}");
        source = cause.source();
    }
}

/// Runs the asynchronous part of a command.
fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(CommandError::because("cannot start the runtime"))?
        .block_on(work)
}
