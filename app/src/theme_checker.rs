//! Where uploaded themes are looked at: in a process of its own, because a theme that is made for it can end the process
//! that parses it.

use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use latchkey_themes::{
    Report,
    gate::{self, Verdict},
};
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

/// The program's own command that looks at a theme.
const COMMAND: &str = "theme-check";
/// Everything has to be done by then, on a busy machine too.
const LONGEST: Duration = Duration::from_secs(30);
/// Themes looked at at a time; the others wait their turn.
const AT_A_TIME: usize = 2;
/// Bytes of an answer. A report has a most number of findings.
const LARGEST_ANSWER: u64 = 1024 * 1024;

/// Looks at uploaded themes.
#[derive(Clone)]
pub struct ThemeChecker {
    program: Option<PathBuf>,
    longest: Duration,
    turns: Arc<Semaphore>,
}

/// Why a theme could not be looked at, which is no fault of the theme.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    #[error("the program that looks at themes does not start")]
    Start(#[source] std::io::Error),
    #[error("the program that looks at themes gave no answer that can be read")]
    Answer(#[source] serde_json::Error),
    #[error("no theme is looked at any more: the process is ending")]
    Ending,
}

impl ThemeChecker {
    /// In a process of its own, started from `program`, which is this very program.
    pub fn process(program: PathBuf) -> ThemeChecker {
        ThemeChecker {
            program: Some(program),
            longest: LONGEST,
            turns: Arc::new(Semaphore::new(AT_A_TIME)),
        }
    }

    /// In this process, for tests whose themes are well-meaning: a hostile one could end it.
    pub fn in_process() -> ThemeChecker {
        ThemeChecker {
            program: None,
            longest: LONGEST,
            turns: Arc::new(Semaphore::new(AT_A_TIME)),
        }
    }

    /// With another longest time than 30 seconds.
    #[must_use]
    pub fn within(self, longest: Duration) -> ThemeChecker {
        ThemeChecker { longest, ..self }
    }

    /// What there is to say about a packed theme. A theme that crashes the process, or that takes too long, gets a finding
    /// with the code `fatal`.
    ///
    /// # Errors
    /// When it could not be looked at, whatever is in it.
    pub async fn check(&self, packed: Vec<u8>) -> Result<Report, CheckError> {
        let _turn = self.turns.acquire().await.map_err(|_| CheckError::Ending)?;
        match &self.program {
            Some(program) => ask(program, packed, self.longest).await,
            None => spawn_blocking(move || gate::judge(&packed))
                .await
                .map_err(|_| CheckError::Ending),
        }
    }
}

async fn ask(program: &Path, packed: Vec<u8>, longest: Duration) -> Result<Report, CheckError> {
    let mut child = Command::new(program)
        .arg(COMMAND)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(CheckError::Start)?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let feeding = spawn_blocking(move || feed(stdin, &packed));
    let answer = timeout(longest, spawn_blocking(move || listen(stdout))).await;
    if answer.is_err() {
        // One that has just ended by itself needs no killing.
        let _ = child.kill();
    }
    // An end of the process is the end of its pipes, so neither of these goes on for long.
    let status = spawn_blocking(move || child.wait()).await;
    let _ = feeding.await;
    let Ok(answer) = answer else {
        return Ok(gate::fatal("took too long"));
    };
    let status = status
        .map_err(|_| CheckError::Ending)?
        .map_err(CheckError::Start)?;
    if let Some(how) = crashed(status) {
        return Ok(gate::fatal(&how));
    }
    let answer = answer.map_err(|_| CheckError::Ending)?;
    let verdict: Verdict = serde_json::from_slice(&answer).map_err(CheckError::Answer)?;
    Ok(verdict.report)
}

fn feed(stdin: Option<ChildStdin>, packed: &[u8]) {
    if let Some(mut stdin) = stdin {
        // Who ends before everything is read says so in its exit.
        let _ = stdin.write_all(packed);
    }
}

fn listen(stdout: Option<ChildStdout>) -> Vec<u8> {
    let mut answer = Vec::new();
    if let Some(stdout) = stdout {
        // Half an answer is one that cannot be read.
        let _ = stdout.take(LARGEST_ANSWER).read_to_end(&mut answer);
    }
    answer
}

/// How the process ended, if it did not end well.
fn crashed(status: ExitStatus) -> Option<String> {
    use std::os::unix::process::ExitStatusExt;
    match (status.signal(), status.success()) {
        (_, true) => None,
        (Some(signal), _) => Some(format!("ended the process with signal {signal}")),
        (None, _) => Some("ended the process".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt};

    /// A program that does what `script` says.
    fn program(script: &str) -> (tempfile::TempDir, ThemeChecker) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("program");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        (directory, ThemeChecker::process(path))
    }

    async fn code(checker: &ThemeChecker) -> String {
        let report = checker.check(vec![0; 300_000]).await.unwrap();
        report.findings[0].code.to_string()
    }

    #[tokio::test]
    async fn the_answer_of_the_process_is_the_report() {
        let answer = serde_json::to_string(&Verdict {
            report: gate::fatal("was a test"),
            peak_kib: None,
        })
        .unwrap();
        let (_directory, checker) = program(&format!("cat >/dev/null; echo '{answer}'"));
        let report = checker.check(vec![0; 300_000]).await.unwrap();
        assert_eq!(report, gate::fatal("was a test"));
    }

    #[tokio::test]
    async fn a_crash_is_a_finding() {
        let (_directory, checker) = program("kill -ABRT $$");
        assert_eq!(code(&checker).await, "fatal");
        let (_directory, checker) = program("exit 1");
        assert_eq!(code(&checker).await, "fatal");
    }

    #[tokio::test]
    async fn what_never_ends_is_ended() {
        let (_directory, checker) = program("exec sleep 600");
        let checker = checker.within(Duration::from_millis(50));
        assert_eq!(code(&checker).await, "fatal");
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_no_fault_of_the_theme() {
        let checker = ThemeChecker::process("/nowhere/latchkey".into());
        assert!(matches!(
            checker.check(Vec::new()).await,
            Err(CheckError::Start(_))
        ));
    }

    #[tokio::test]
    async fn what_is_no_archive_is_refused_in_process_too() {
        let report = ThemeChecker::in_process().check(vec![1, 2, 3]).await;
        assert!(!report.unwrap().passes());
    }
}
