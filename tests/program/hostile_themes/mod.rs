//! Hostile themes through the real process that looks at uploads: each is refused with a reason, none ends the process.

mod pictures;
mod shapes;

use std::{
    io::Write,
    process::{Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use latchkey_themes::{Level, gate::Verdict};
use pictures::archive;
use shapes::{MAILS, STYLES, Shape, TEMPLATES};
use zip::CompressionMethod;

const SIZES: [usize; 3] = [200, 2_000, 20_000];
/// A second on a machine that is not busy with other tests, in the program as it is released.
const LONGEST: Duration = Duration::from_secs(1);
const MOST_MEMORY_KIB: u64 = 128 * 1024;

struct Case {
    name: String,
    /// Where the reason is found, by the beginning of its path.
    file: &'static str,
    /// Whether all else in it is right.
    alone: bool,
    packed: Vec<u8>,
}

struct Outcome {
    verdict: Verdict,
    took: Duration,
}

/// A package with these files.
fn packed(mut files: Vec<(String, Vec<u8>)>) -> Vec<u8> {
    let first = |beginning: &str| {
        let mut paths = files.iter().map(|(path, _)| path);
        paths.find(|path| path.starts_with(beginning)).cloned()
    };
    let listed = |folder: &str| {
        let path = first(folder)?;
        let name = path.strip_prefix(folder)?.split_once('.')?.0;
        Some(vec![name.to_owned()])
    };
    let mail = first("templates/emails/");
    let mut manifest = serde_json::json!({
        "contract": 1, "id": "hostile", "name": "Hostile", "version": "1.0.0", "extends": "base@1",
        "modes": ["light"], "locales": {"default": "en", "available": ["en"]},
        "brand": {},
        "css": first("assets/css/").into_iter().collect::<Vec<_>>(),
        "pages": listed("templates/pages/").unwrap_or_default(),
        "emails": listed("templates/emails/").unwrap_or_default(),
    });
    if let Some(logo) = first("assets/img/logo") {
        manifest["brand"]["logo"] = logo.into();
    }
    files.push(("theme.json".to_owned(), manifest.to_string().into_bytes()));
    files.push(("locales/en.json".to_owned(), b"{}".to_vec()));
    if mail.is_some() {
        let text = b"{{ mail.link }}".to_vec();
        files.push(("templates/emails/request.txt".to_owned(), text));
    }
    // Stored: a text that repeats itself would be refused for how well it packs.
    archive(&files, CompressionMethod::Stored)
}

/// What the process answers; panics when it did not end well.
#[expect(
    clippy::disallowed_methods,
    reason = "how long another process takes is real time"
)]
fn look_at(name: &str, packed: &[u8]) -> Outcome {
    let began = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_latchkey"))
        .arg("theme-check")
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The process may refuse before it has read everything.
    let _ = child.stdin.take().unwrap().write_all(packed);
    let output = child.wait_with_output().unwrap();
    let took = began.elapsed();
    assert!(
        output.status.success(),
        "{name} ended the process: {} {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let (verdict, package) = Verdict::read(&output.stdout).unwrap();
    assert_eq!(verdict.hash.is_some(), !package.is_empty());
    Outcome { verdict, took }
}

fn cases(shapes: &[Shape], file: &'static str) -> Vec<Case> {
    let sized = |shape: &Shape| {
        SIZES.map(|size| Case {
            name: format!("{file}: {} x {size}", shape.name),
            file,
            alone: false,
            packed: packed(vec![(file.to_owned(), shape.of(size).into_bytes())]),
        })
    };
    shapes.iter().flat_map(sized).collect()
}

fn of_files(files: Vec<pictures::Files>, alone: bool) -> Vec<Case> {
    let case = |files: pictures::Files| Case {
        name: files.name.to_owned(),
        file: files.file,
        alone,
        packed: packed(files.files),
    };
    files.into_iter().map(case).collect()
}

/// Each is refused with a reason and within the memory that there is. Answers how long the longest took.
fn look_at_all(all: &[Case]) -> Duration {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let most = (Mutex::new(0), Mutex::new(Duration::ZERO));
    let work = || {
        while let Some(case) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
            let Outcome { verdict, took } = look_at(&case.name, &case.packed);
            let peak = verdict.peak_kib.unwrap();
            {
                let (mut memory, mut time) = (most.0.lock().unwrap(), most.1.lock().unwrap());
                *memory = peak.max(*memory);
                *time = took.max(*time);
            }
            let findings = &verdict.report.findings;
            let reasons = findings.iter().filter(|finding| {
                finding.level == Level::Error
                    && finding.file.starts_with(case.file)
                    && !finding.fix.is_empty()
            });
            let more = case.alone && findings.iter().any(|finding| finding.file != case.file);
            if reasons.count() == 0 || more || peak > MOST_MEMORY_KIB {
                let said = format!("{}: {peak} KiB, {findings:?}", case.name);
                wrong.lock().unwrap().push(said);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(work);
        }
    });
    let (memory, time) = (most.0.into_inner().unwrap(), most.1.into_inner().unwrap());
    println!(
        "{} themes: at most {memory} KiB and {time:?} each",
        all.len()
    );
    assert_eq!(wrong.into_inner().unwrap(), [""; 0]);
    time
}

#[test]
fn hostile_themes_are_refused_with_a_reason_and_end_no_process() {
    assert!(TEMPLATES.len() + MAILS.len() >= 60 && STYLES.len() >= 30);
    let mut all = cases(TEMPLATES, "templates/pages/connect.html");
    all.extend(cases(MAILS, "templates/emails/request.mjml"));
    all.extend(cases(STYLES, "assets/css/theme.css"));
    let time = look_at_all(&all);
    assert!(time < LONGEST, "one took {time:?}");
}

#[test]
fn hostile_pictures_and_archives_are_refused_with_a_reason_and_end_no_process() {
    let mut all = of_files(pictures::refused(), false);
    all.extend(pictures::archives().into_iter().map(|(name, packed)| Case {
        name: name.to_owned(),
        file: "",
        alone: false,
        packed,
    }));
    let time = look_at_all(&all);
    assert!(time < LONGEST, "one took {time:?}");
}

#[test]
fn pictures_at_the_limit_are_taken_within_the_memory_that_there_is() {
    look_at_all(&of_files(pictures::taken(), true));
}
