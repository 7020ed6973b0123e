//! The parts of the edge's benchmark that need speed or the store; `benches/edge/run` is what people start.
//!
//! - `certificates FOLDER COUNT`: an authority and `COUNT` certificates, one file a host
//! - `seed DATABASE EDGE_KEY FOLDER COUNT`: the same certificates in a store
//! - `upstream ADDRESS`: 1 KiB for every request, HTTP/1.1 and h2c, until killed
//! - `visit ADDRESS FOLDER COUNT`: one handshake for every host, the chain and the name verified
//! - `handshakes ADDRESS COUNT SECONDS`: new full handshakes as fast as they go, a host by chance each
//! - `flood ADDRESS|nobody RATE SECONDS`: `RATE` hellos a second for names that nobody has, or to nobody but the sender
//! - `ask ADDRESS HOST h1|h2 CONNECTIONS RATE SECONDS`: `RATE` requests a second, and how they were answered
//!
//! What it measured is one line of JSON on stdout.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints, measures time, and stops where it cannot measure"
)]

mod certificates;
mod clients;
mod flood;
mod handshakes;
mod seed;
mod upstream;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() {
    rustls::crypto::ring::default_provider()
        .install_default()
        .expect("nothing before main chose a provider");
    let mut words = Words(std::env::args().skip(1).collect::<Vec<_>>().into_iter());
    let task: String = words.next("a task");
    let answer = match task.as_str() {
        "certificates" => {
            let folder: PathBuf = words.next("a folder");
            certificates::make(&folder, words.next("a count"));
            return;
        }
        "seed" => {
            let (url, key): (String, String) = (words.next("a URL"), words.next("a key"));
            let folder: PathBuf = words.next("a folder");
            return seed::seed(&url, &key, &folder, words.next("a count")).await;
        }
        "upstream" => return upstream::serve(words.next("an address")).await,
        "visit" => {
            let (address, folder): (SocketAddr, PathBuf) =
                (words.next("an address"), words.next("a folder"));
            handshakes::visit(address, &folder, words.next("a count")).await
        }
        "handshakes" => {
            let (address, count) = (words.next("an address"), words.next("a count"));
            handshakes::measure(address, count, words.duration()).await
        }
        "flood" => {
            let address: String = words.next("an address");
            let address = match address.parse() {
                Ok(address) => address,
                Err(_) => flood::floor().await,
            };
            let rate = words.next("a rate");
            flood::measure(address, rate, words.duration()).await
        }
        "ask" => {
            let asking = clients::Asking {
                address: words.next("an address"),
                host: words.next("a host"),
                http2: words.next::<String>("h1 or h2") == "h2",
                connections: words.next("a number of connections"),
                rate: words.next("a rate"),
                length: words.duration(),
            };
            clients::measure(asking).await
        }
        // `cargo bench` alone, and `cargo test --benches`, come without a task.
        _ => return println!("start benches/edge/run; this is a part of it"),
    };
    println!("{answer}");
}

/// The words of the command line, in turn.
struct Words(std::vec::IntoIter<String>);

impl Words {
    fn next<T: FromStr>(&mut self, what: &str) -> T {
        let word = self.0.next().unwrap_or_default();
        match word.parse() {
            Ok(value) => value,
            Err(_) => {
                eprintln!("{what} is wanted, not {word:?}");
                std::process::exit(2);
            }
        }
    }

    fn duration(&mut self) -> Duration {
        Duration::from_secs_f64(self.next("a number of seconds"))
    }
}

const HOSTS_OF_AGENCY: usize = 10;

/// The name of host number `number`. Every tenth is an agency's own, under the platform's.
fn host(number: usize) -> String {
    let slug = slug(number);
    if number.is_multiple_of(HOSTS_OF_AGENCY) {
        format!("{slug}.platform.example")
    } else {
        format!("{slug}.clients.example")
    }
}

fn slug(number: usize) -> String {
    format!("t{number:06}")
}
