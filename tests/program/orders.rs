//! Edges that share their orders, and edges that are killed with `kill -9` at them: the authority is asked for one order a host,
//! and every host is served.

use crate::authority::{Authority, free_addresses, wait_for};
use crate::domains::World;
use crate::postgres::Database;
use crate::support::{Running, get};
use crate::wedged::in_a_world;
use latchkey_tenants::{Entropy, SeededEntropy};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// An agency may have no more that are not live yet; the two tests that kill make two hundred together.
const HOSTS: usize = 100;
/// The agency's first host and the host of previews get theirs too.
const ALL: usize = HOSTS + 2;
/// More would mean that nothing goes on.
const MOST_KILLS: usize = 200;

#[test]
fn edges_killed_at_random_repeat_no_order_and_lose_none() {
    in_a_world(World::behind_a_balancer, |world| {
        killed_at_random(world, 23)
    });
}

#[test]
fn nor_do_they_at_other_moments() {
    in_a_world(World::behind_a_balancer, |world| {
        killed_at_random(world, 29)
    });
}

#[test]
fn two_edges_on_one_postgres_ask_for_one_order_a_host() {
    let Some(database) = Database::new() else {
        return;
    };
    let new = || {
        database.clear();
        World::with(&[("LATCHKEY_DATABASE_URL", &database.url)])
    };
    in_a_world(new, two_edges_ask_for_one_order_a_host);
}

fn two_edges_ask_for_one_order_a_host(world: &World) {
    let mut running = world.serve();
    let mut other = second(world);
    let admins = [&running, &other].map(|edge| edge.address("admin listens"));
    let domains = claims(world);
    for domain in &domains {
        world.put_records(domain);
        let check = format!("/domains/{}/check", domain["id"].as_str().unwrap());
        world.api("POST", &check, Value::Null);
    }
    for domain in &domains {
        let host = domain["host"].as_str().unwrap();
        wait_for(host, || world.page(host).is_some());
    }
    let done = || admins.map(|admin| orders_done(&get(admin, "localhost", "/metrics")));
    wait_for("the count of the last", || {
        done().iter().sum::<usize>() >= ALL
    });
    println!("orders that each edge has done: {:?}", done());
    let asked_and_issued = (world.authority.orders(), world.authority.issued());
    assert_eq!(asked_and_issued, (ALL, ALL));
    for edge in [&mut running, &mut other] {
        assert_eq!(edge.terminate().code(), Some(0));
    }
}

fn orders_done(metrics: &str) -> usize {
    let done = r#"latchkey_edge_orders_total{issuer="1",reason="",result="done"} "#;
    let mut lines = metrics.lines();
    let count = lines.find_map(|line| line.strip_prefix(done));
    count.map_or(0, |count| count.parse().unwrap())
}

fn killed_at_random(world: &World, seed: u64) {
    let database = Connection::open(world.installation.path().join("latchkey.db")).unwrap();
    database.busy_timeout(Duration::from_secs(10)).unwrap();
    let chance = SeededEntropy::new(seed);
    let (hosts, mut killed) = (claim(world), 0);
    while certificates(&database) < ALL {
        a_minute_passes(&database);
        kill_two(world, &chance);
        killed += 2;
        assert!(killed < MOST_KILLS, "{} orders", world.authority.orders());
    }
    println!("killed {killed} edges");
    assert!(killed >= 4, "{killed} is too few to tell");

    a_minute_passes(&database);
    let mut running = world.serve();
    for host in &hosts {
        wait_for(host, || world.page(host).is_some());
    }
    assert_eq!(running.terminate().code(), Some(0));
    let asked_and_issued = (world.authority.orders(), world.authority.issued());
    assert_eq!(asked_and_issued, (ALL, ALL));
}

/// Two edges on one database, each dead after a while.
fn kill_two(world: &World, chance: &dyn Entropy) {
    let (one, other) = (world.installation.start("serve"), second(world));
    let [serving, more, between] = chance.bytes::<3>();
    // Some of them die while they start.
    if serving >= 50 {
        one.address("edge listens");
    }
    pause(more);
    drop(one);
    pause(between / 2);
    drop(other);
}

fn claims(world: &World) -> Vec<Value> {
    (0..HOSTS)
        .map(|number| {
            let host = format!("connect.acme{number}.example");
            let claimed = world.api("POST", "/domains", json!({ "host": host }));
            assert_eq!(claimed.status, 201, "{}", claimed.body);
            claimed.json()
        })
        .collect()
}

/// Their records are right when nobody is there to look.
fn claim(world: &World) -> Vec<String> {
    let mut running = world.serve();
    let domains = claims(world);
    assert_eq!(running.terminate().code(), Some(0));
    domains
        .iter()
        .map(|domain| {
            world.put_records(domain);
            domain["host"].as_str().unwrap().to_owned()
        })
        .collect()
}

/// An edge of its own on the same database, on other ports.
fn second(world: &World) -> Running {
    let installation = world.installation.clone_with(&[
        ("LATCHKEY_HTTP_LISTEN", "127.0.0.1:0"),
        ("LATCHKEY_HTTPS_LISTEN", "127.0.0.1:0"),
        ("LATCHKEY_EDGE_SECRET", "sixteen-letters-or-more"),
        ("LATCHKEY_APP_UPSTREAMS", "127.0.0.1:1"),
        ("LATCHKEY_DATA_DIR", "second"),
    ]);
    installation.start("proxy")
}

fn certificates(database: &Connection) -> usize {
    let count: u32 = database
        .query_row("select count(*) from certificates", (), |row| row.get(0))
        .unwrap();
    count as usize
}

/// What the dead had leased is anybody's then, and what was put off is due.
fn a_minute_passes(database: &Connection) {
    let domains = "update domains set lease_until = 0, next_check_at = 0 where state <> 'live'";
    let orders = "update orders set lease_until = 0, run_at = 0";
    for sql in [domains, orders] {
        database.execute(sql, ()).unwrap();
    }
}

/// Mostly short; now and then long enough to read the whole list of orders that the dead have left.
fn pause(chance: u8) {
    let chance = u64::from(chance);
    std::thread::sleep(Duration::from_millis(chance * chance / 24));
}

impl World {
    /// With a balancer at port 80 that asks again where an edge died with a request: the authority sees no difference
    /// between one edge and the next.
    fn behind_a_balancer() -> Option<Self> {
        let [edge] = free_addresses();
        let world = Self::with(&[("LATCHKEY_HTTP_LISTEN", &edge.to_string())])?;
        balance(&world.authority, edge);
        Some(world)
    }
}

fn balance(authority: &Authority, edge: SocketAddr) {
    let listener = TcpListener::bind(authority.http).unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            // Who hangs up gets no answer.
            std::thread::spawn(move || pass(client, edge));
        }
    });
}

fn pass(mut client: TcpStream, edge: SocketAddr) -> io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        request.push(byte[0]);
    }
    let mut answer = Vec::new();
    wait_for("an edge", || {
        answer.clear();
        let asked = TcpStream::connect(edge).and_then(|mut stream| {
            stream.write_all(&request)?;
            stream.read_to_end(&mut answer)
        });
        asked.is_ok() && !answer.is_empty()
    });
    client.write_all(&answer)
}
