//! Latchkey's one program: every command of it starts here.

mod cli;
mod commands;
mod demo;
mod edge_thread;
mod handover;
mod logging;
mod settings;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Every TLS client and server of the process takes this one; without it the first of them would panic.
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
    commands::run(cli::parse(), handover::Sockets::inherit())
}
