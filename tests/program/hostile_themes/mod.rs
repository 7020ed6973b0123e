//! Hostile themes through the real process that looks at uploads: each is refused with a reason, none ends the process.

mod shapes;

use std::{
    io::{Cursor, Write},
    process::{Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use latchkey_themes::{Level, gate::Verdict};
use shapes::{MAILS, STYLES, Shape, TEMPLATES};
use zip::{ZipWriter, write::SimpleFileOptions};

const SIZES: [usize; 3] = [200, 2_000, 20_000];
/// A second on a machine that is not busy with other tests, in the program as it is released.
const LONGEST: Duration = Duration::from_secs(1);
const MOST_MEMORY_KIB: u64 = 128 * 1024;

struct Case {
    name: String,
    file: &'static str,
    content: String,
}

struct Outcome {
    verdict: Verdict,
    took: Duration,
}

/// A package with one more file.
fn packed(file: &str, content: &str) -> Vec<u8> {
    let manifest = r#"{"contract":1,"id":"hostile","name":"Hostile","version":"1.0.0","extends":"base@1","modes":["light"],"locales":{"default":"en","available":["en"]},"css":[CSS],"pages":[PAGES],"emails":[EMAILS]}"#;
    let quoted = |holds: bool, name: &str| {
        if holds {
            format!("\"{name}\"")
        } else {
            String::new()
        }
    };
    let manifest = manifest
        .replace("CSS", &quoted(file.ends_with(".css"), file))
        .replace("PAGES", &quoted(file.ends_with(".html"), "connect"))
        .replace("EMAILS", &quoted(file.ends_with(".mjml"), "request"));
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut files = vec![
        ("theme.json", manifest.as_str()),
        ("locales/en.json", "{}"),
        (file, content),
    ];
    if file.ends_with(".mjml") {
        files.push(("templates/emails/request.txt", "{{ mail.link }}"));
    }
    for (name, content) in files {
        // Stored: a text that repeats itself would be refused for how well it packs.
        let options =
            SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        zip.start_file(name, options).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
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
    Outcome {
        verdict: serde_json::from_slice(&output.stdout).unwrap(),
        took,
    }
}

fn cases(shapes: &[Shape], file: &'static str) -> Vec<Case> {
    let sized = |shape: &Shape| {
        SIZES.map(|size| Case {
            name: format!("{file}: {} x {size}", shape.name),
            file,
            content: shape.of(size),
        })
    };
    shapes.iter().flat_map(sized).collect()
}

#[test]
fn hostile_themes_are_refused_with_a_reason_and_end_no_process() {
    assert!(TEMPLATES.len() + MAILS.len() >= 60 && STYLES.len() >= 30);
    let mut all = cases(TEMPLATES, "templates/pages/connect.html");
    all.extend(cases(MAILS, "templates/emails/request.mjml"));
    all.extend(cases(STYLES, "assets/css/theme.css"));
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let most = (Mutex::new(0), Mutex::new(Duration::ZERO));
    let work = || {
        while let Some(case) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
            let Outcome { verdict, took } = look_at(&case.name, &packed(case.file, &case.content));
            let peak = verdict.peak_kib.unwrap();
            {
                let (mut memory, mut time) = (most.0.lock().unwrap(), most.1.lock().unwrap());
                *memory = peak.max(*memory);
                *time = took.max(*time);
            }
            let reasons = verdict.report.findings.iter().filter(|finding| {
                finding.level == Level::Error
                    && finding.file == case.file
                    && !finding.fix.is_empty()
            });
            if reasons.count() == 0 || peak > MOST_MEMORY_KIB {
                let said = format!("{}: {peak} KiB, {:?}", case.name, verdict.report.findings);
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
    assert!(time < LONGEST, "one took {time:?}");
}
