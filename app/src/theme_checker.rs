//! Where uploaded themes are looked at: in a process of its own, because a theme that is made for it can end the process
//! that parses it.

use std::{
    collections::HashMap,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use latchkey_tenants::AgencyId;
use latchkey_themes::{
    Report, ThemeHash,
    gate::{self, Canonical, Judged, Verdict},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit},
    task::spawn_blocking,
    time::timeout,
};

/// The program's own command that looks at a theme.
const COMMAND: &str = "theme-check";
/// Everything has to be done by then, on a busy machine too.
const LONGEST: Duration = Duration::from_secs(30);
/// Themes looked at at a time, each of another agency; the others wait their turn.
const AT_A_TIME: usize = 2;

/// Looks at uploaded themes.
#[derive(Clone)]
pub struct ThemeChecker {
    program: Option<PathBuf>,
    longest: Duration,
    turns: Arc<Turns>,
}

struct Turns {
    all: Semaphore,
    /// Of agencies whose themes are looked at or wait.
    own: Mutex<HashMap<AgencyId, Arc<Semaphore>>>,
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
            turns: Arc::new(Turns::new()),
        }
    }

    /// In this process, for tests whose themes are well-meaning: a hostile one could end it.
    pub fn in_process() -> ThemeChecker {
        ThemeChecker {
            program: None,
            longest: LONGEST,
            turns: Arc::new(Turns::new()),
        }
    }

    /// With another longest time than 30 seconds.
    #[must_use]
    pub fn within(self, longest: Duration) -> ThemeChecker {
        ThemeChecker { longest, ..self }
    }

    /// What there is to say about a packed theme of an agency. A theme that crashes the process, or that takes too long, gets
    /// a finding with the code `fatal`.
    ///
    /// # Errors
    /// When it could not be looked at, whatever is in it.
    pub async fn check(&self, agency: &AgencyId, packed: Vec<u8>) -> Result<Judged, CheckError> {
        let _turn = self.turns.take(agency).await?;
        match &self.program {
            Some(program) => ask(program, packed, self.longest).await,
            None => spawn_blocking(move || gate::judge(&packed))
                .await
                .map_err(|_| CheckError::Ending),
        }
    }
}

impl Turns {
    fn new() -> Self {
        Self {
            all: Semaphore::new(AT_A_TIME),
            own: Mutex::default(),
        }
    }

    /// The agency's own first, so that its other uploads wait without a turn of all.
    async fn take(
        &self,
        agency: &AgencyId,
    ) -> Result<(OwnedSemaphorePermit, SemaphorePermit<'_>), CheckError> {
        let ending = |_| CheckError::Ending;
        let own = self.own(agency).acquire_owned().await.map_err(ending)?;
        Ok((own, self.all.acquire().await.map_err(ending)?))
    }

    fn own(&self, agency: &AgencyId) -> Arc<Semaphore> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.retain(|_, turn| Arc::strong_count(turn) > 1);
        let turn = own.entry(agency.clone());
        Arc::clone(turn.or_insert_with(|| Arc::new(Semaphore::new(1))))
    }
}

async fn ask(program: &Path, packed: Vec<u8>, longest: Duration) -> Result<Judged, CheckError> {
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
        return Ok(refused(gate::fatal("took too long")));
    };
    let status = status
        .map_err(|_| CheckError::Ending)?
        .map_err(CheckError::Start)?;
    if let Some(how) = crashed(status) {
        return Ok(refused(gate::fatal(&how)));
    }
    let answer = answer.map_err(|_| CheckError::Ending)?;
    let (verdict, package) = Verdict::read(&answer).map_err(CheckError::Answer)?;
    let hash = verdict.hash.as_deref().and_then(ThemeHash::parse);
    Ok(Judged {
        report: verdict.report,
        package: hash.map(|hash| Canonical {
            bytes: package.to_vec(),
            hash,
        }),
    })
}

fn refused(report: Report) -> Judged {
    Judged {
        report,
        package: None,
    }
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
        let _ = stdout.take(gate::LARGEST_ANSWER).read_to_end(&mut answer);
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
    use futures_util::FutureExt;
    use latchkey_tenants::{ManualClock, SeededEntropy, testing::START};
    use std::{fs, os::unix::fs::PermissionsExt};

    /// A program that does what `script` says.
    fn program(script: &str) -> (tempfile::TempDir, ThemeChecker) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("program");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        (directory, ThemeChecker::process(path))
    }

    fn agency(seed: u64) -> AgencyId {
        AgencyId::new(&ManualClock::at(START), &SeededEntropy::new(seed))
    }

    async fn code(checker: &ThemeChecker) -> String {
        let judged = checker.check(&agency(1), vec![0; 300_000]).await.unwrap();
        judged.report.findings[0].code.to_string()
    }

    #[tokio::test]
    async fn the_answer_of_the_process_is_the_report_and_the_package() {
        let hash = "a".repeat(64);
        let mut verdict = Verdict {
            report: gate::fatal("was a test"),
            hash: None,
            peak_kib: None,
        };
        for (hash, package) in [(None, None), (Some(hash), Some(b"PK\n\n".as_slice()))] {
            verdict.hash = hash;
            let answer = serde_json::to_string(&verdict).unwrap();
            let package_too = package.map_or("", |_| "printf 'PK\\n\\n'");
            let (_directory, checker) =
                program(&format!("cat >/dev/null; echo '{answer}'; {package_too}"));
            let judged = checker.check(&agency(1), vec![0; 300_000]).await.unwrap();
            assert_eq!(judged.report, gate::fatal("was a test"));
            let bytes = judged.package.map(|package| package.bytes);
            assert_eq!(bytes.as_deref(), package);
        }
    }

    #[tokio::test]
    async fn one_agency_never_has_both_turns() {
        let turns = Turns::new();
        let (one, other) = (agency(1), agency(2));
        let first = turns.take(&one).await.unwrap();
        let mut waiting = Box::pin(turns.take(&one));
        assert!((&mut waiting).now_or_never().is_none());
        let foreign = turns.take(&other).now_or_never();
        assert!(foreign.is_some(), "the other turn is free");
        drop(first);
        assert!(waiting.now_or_never().is_some());
        drop(foreign);
        turns.own(&other);
        assert_eq!(
            turns.own.lock().unwrap().len(),
            1,
            "who is done is forgotten"
        );
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
            checker.check(&agency(1), Vec::new()).await,
            Err(CheckError::Start(_))
        ));
    }

    #[tokio::test]
    async fn what_is_no_archive_is_refused_in_process_too() {
        let judged = ThemeChecker::in_process()
            .check(&agency(1), vec![1, 2, 3])
            .await;
        let judged = judged.unwrap();
        assert!(!judged.report.passes() && judged.package.is_none());
    }
}
