//! The process that looks at an uploaded theme. Whatever a theme makes a parser do (overflow its stack, eat memory, never
//! end) happens to this process, which has nothing to lose, and the one that started it goes on.

use std::{
    io::{self, Read, Write},
    thread,
};

use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};

use super::check;
use crate::{
    package::{Package, limits::PACKED},
    report::{Finding, Report},
};

/// Seconds of processor time.
const CPU_SECONDS: u64 = 20;
/// Bytes of address space. The allocator reserves far more than it uses; what is really used stays under 128 MiB, which
/// a test holds.
const ADDRESS_SPACE: u64 = 4 * 1024 * 1024 * 1024;
/// Bytes that it may write, should its answer go into a file.
const ANSWER: u64 = 4 * 1024 * 1024;
/// Bytes of stack of the thread that works.
const STACK: usize = 16 * 1024 * 1024;

/// What the process answers: one line of JSON on its standard output.
#[derive(Debug, Serialize, Deserialize)]
pub struct Verdict {
    pub report: Report,
    /// Most memory that the process had at a time, in KiB; nothing where the system does not tell.
    pub peak_kib: Option<u64>,
}

/// Reads a packed theme, looks at it under limits, and answers.
///
/// # Errors
/// When reading or writing fails; never because of the theme.
pub fn serve(input: impl Read, mut output: impl Write) -> io::Result<()> {
    restrict()?;
    let mut packed = Vec::new();
    // One byte more than is allowed, to tell that there are too many.
    input.take(PACKED as u64 + 1).read_to_end(&mut packed)?;
    let work = thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || judge(&packed))?;
    let report = work
        .join()
        .map_err(|_| io::Error::other("looking at the theme ended in a panic"))?;
    let verdict = Verdict {
        report,
        peak_kib: peak_kib(),
    };
    serde_json::to_writer(&mut output, &verdict)?;
    output.write_all(b"\n")
}

/// What there is to say about a packed theme.
pub fn judge(packed: &[u8]) -> Report {
    let (package, mut report) = Package::read_zip(packed);
    if let Some(package) = package {
        report.append(check(&package));
    }
    report
}

/// What is said of a theme that ended the process.
pub fn fatal(how: &str) -> Report {
    Report::of(Finding::error(
        "fatal",
        "theme.zip",
        None,
        format!("Looking at the theme {how}."),
        "Make the theme simpler: shorter templates and stylesheets, less nesting, smaller pictures.",
    ))
}

/// Takes away what looking at a theme does not need.
fn restrict() -> io::Result<()> {
    for (resource, most) in [
        (Resource::Cpu, CPU_SECONDS),
        (Resource::As, ADDRESS_SPACE),
        (Resource::Core, 0),
        (Resource::Fsize, ANSWER),
        (Resource::Nofile, 16),
    ] {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(resource, limit)?;
    }
    Ok(())
}

fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
