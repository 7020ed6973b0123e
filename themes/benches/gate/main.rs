//! How long publishing takes: the whole base theme as if an agency had uploaded it, read and rendered in every sample and
//! language. Beyond the goal it exits 1.
//! `cargo bench -p latchkey-themes --bench gate`

#![expect(clippy::print_stdout, reason = "a bench says what it measured")]
#![expect(clippy::disallowed_methods, reason = "a bench measures the real time")]

mod complete;

use std::{
    error::Error,
    process::ExitCode,
    time::{Duration, Instant},
};

use latchkey_themes::{Package, gate};

const GOAL: Duration = Duration::from_secs(5);

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let packed = Package::from_files(&complete::files()?)?.to_zip();
    let began = Instant::now();
    let (package, mut report) = Package::read_zip(&packed);
    let package = package.ok_or_else(|| report.clone())?;
    let read = began.elapsed();
    report.append(gate::lint(&package));
    let linted = began.elapsed() - read;
    report.append(gate::check(&package));
    let took = began.elapsed() - linted;
    print!("{report}");
    println!(
        "{} templates, {} languages: reading {read:?}, lints {linted:?}, everything {took:?} of {GOAL:?}",
        package.templates.len(),
        package.texts.len()
    );
    Ok(match report.passes() && took <= GOAL {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
