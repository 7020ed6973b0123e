//! What others' tools say about the edge.

use crate::authority::wait_for;
use crate::support::{Installation, Running, text};
use crate::tls;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::Command;

const HOST: &str = "northwind.connect.example";

/// The program `sslyze`; where it is there, the other tools are in `PATH`.
#[expect(
    clippy::disallowed_methods,
    reason = "the test runner says what there is by variables"
)]
pub fn sslyze() -> Option<String> {
    let program = std::env::var("LATCHKEY_TEST_SSLYZE").ok();
    if program.is_none() {
        println!("left out: LATCHKEY_TEST_SSLYZE is not set");
    }
    program
}

/// With an agency of its own; where it listens without TLS.
fn start(installation: &Installation, line: &str) -> (Running, SocketAddr) {
    let create =
        "agency create --slug northwind --name Northwind --owner-email ana@northwind.example";
    assert!(installation.run(create).status.success());
    let running = installation.start(line);
    let http = running.address("edge listens");
    (running, http)
}

#[test]
fn sslyze_finds_the_edge_compliant_with_mozillas_intermediate() {
    let Some(sslyze) = sslyze() else { return };
    let installation =
        Installation::new().clone_with(&[("LATCHKEY_PUBLIC_ORIGIN", "https://{host}")]);
    let (mut running, _) = start(&installation, "serve");
    let https = running.address("edge listens");
    let root = installation.path().join("latchkey-data/internal-ca.pem");
    wait_for("a certificate", || {
        let root = std::fs::read_to_string(&root).unwrap_or_default();
        tls::connect(HOST, https, &root).is_ok()
    });
    let scan = Command::new(sslyze)
        .args(["--mozilla_config=intermediate", "--sni", HOST])
        .arg("--certinfo_ca_file")
        .arg(&root)
        .arg(https.to_string())
        .output()
        .unwrap();
    let report = text(&scan.stdout);
    println!("{report}");
    assert!(report.contains("OK - Compliant"), "{}", text(&scan.stderr));
    assert_eq!(running.terminate().code(), Some(0));
}

/// Two hundred connections that fall silent in the middle are closed, and others are served meanwhile.
fn survives_slow_clients(mode: &str) {
    if sslyze().is_none() {
        return;
    }
    let installation = Installation::new().clone_with(&[
        ("LATCHKEY_EDGE_SECRET", "sixteen-letters-or-more"),
        ("LATCHKEY_APP_UPSTREAMS", &patient_app().to_string()),
    ]);
    let (mut running, http) = start(&installation, "proxy");
    // As if the edge were a proxy, so that the host's name needs no DNS.
    let attack = Command::new("slowhttptest")
        .args([mode, "-c", "200", "-r", "100", "-i", "12", "-l", "30"])
        .args(["-p", "3", "-s", "8192", "-d", &http.to_string()])
        .args(["-u", &format!("http://{HOST}/connect")])
        .output()
        .unwrap();
    let report = text(&attack.stdout);
    println!("{report}");
    assert!(report.contains("No open connections left"), "{mode}");
    assert!(!report.contains("service available:   NO"), "{mode}");
    assert_eq!(running.terminate().code(), Some(0));
}

/// Answers who only asks, and waits for whoever has something to tell.
fn patient_app() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || -> io::Result<()> {
                let mut bytes = [0; 4096];
                while let count @ 1.. = stream.read(&mut bytes)? {
                    if bytes[..count].starts_with(b"GET ") {
                        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")?;
                    }
                }
                Ok(())
            });
        }
    });
    address
}

#[test]
fn slow_headers_are_closed_in_time() {
    survives_slow_clients("-H");
}

#[test]
fn slow_bodies_are_closed_in_time() {
    survives_slow_clients("-B");
}
