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
    package::{Package, ThemeHash, limits::PACKED},
    report::{Finding, Report},
};

/// Seconds of processor time.
const CPU_SECONDS: u64 = 20;
/// Bytes of address space. The allocator reserves far more than it uses; what is really used stays under 128 MiB, which
/// a test holds.
const ADDRESS_SPACE: u64 = 4 * 1024 * 1024 * 1024;
/// Bytes that it may write, should its answer go into a file: more than there are in any answer.
const LARGEST_FILE: u64 = 8 * 1024 * 1024;
/// Bytes of stack of the thread that works: half of what the threads have that make pages and mails later.
const STACK: usize = 1024 * 1024;
/// Bytes of an answer: a report has a most number of findings, and a package is one that could be uploaded.
pub const LARGEST_ANSWER: u64 = 1024 * 1024 + PACKED as u64;

/// What the process answers: one line of JSON on its standard output, and behind it the package in its one form.
#[derive(Debug, Serialize, Deserialize)]
pub struct Verdict {
    pub report: Report,
    /// Of the package behind this line. None: it is refused, and nothing is there.
    pub hash: Option<String>,
    /// Most memory that the process had at a time, in KiB; nothing where the system does not tell.
    pub peak_kib: Option<u64>,
}

/// What there is to say about a packed theme.
#[derive(Debug)]
pub struct Judged {
    pub report: Report,
    /// None: it is refused.
    pub package: Option<Canonical>,
}

/// A package that passed, as [`Package::to_zip`] writes it.
#[derive(Debug)]
pub struct Canonical {
    pub bytes: Vec<u8>,
    pub hash: ThemeHash,
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
    let Judged { report, package } = work
        .join()
        .map_err(|_| io::Error::other("looking at the theme ended in a panic"))?;
    let verdict = Verdict {
        report,
        hash: package.as_ref().map(|package| package.hash.to_string()),
        peak_kib: peak_kib(),
    };
    serde_json::to_writer(&mut output, &verdict)?;
    output.write_all(b"\n")?;
    package.map_or(Ok(()), |package| output.write_all(&package.bytes))
}

impl Verdict {
    /// From what the process wrote, and the package behind it.
    ///
    /// # Errors
    /// When its line is none.
    pub fn read(answer: &[u8]) -> Result<(Verdict, &[u8]), serde_json::Error> {
        let end = answer.iter().position(|byte| *byte == b'\n');
        let (line, package) = answer.split_at(end.unwrap_or(answer.len()));
        Ok((
            serde_json::from_slice(line)?,
            package.get(1..).unwrap_or_default(),
        ))
    }
}

/// What there is to say about a packed theme.
pub fn judge(packed: &[u8]) -> Judged {
    let (package, mut report) = Package::read_zip(packed);
    if let Some(package) = &package {
        report.append(check(package));
    }
    let package = package
        .filter(|_| report.passes())
        .and_then(|package| kept(&package, &mut report));
    Judged { report, package }
}

/// As it is kept. What could not be read again is refused: written anew, pictures may be larger than they came.
fn kept(package: &Package, report: &mut Report) -> Option<Canonical> {
    let (bytes, hash) = (package.to_zip(), package.hash);
    match Package::from_stored(&bytes, hash) {
        Ok(_) => Some(Canonical { bytes, hash }),
        Err(found) => {
            report.append(found);
            None
        }
    }
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
        (Resource::Fsize, LARGEST_FILE),
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
