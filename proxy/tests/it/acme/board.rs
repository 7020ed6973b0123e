//! Who asks for challenges on port 80, and what that costs the store.

use super::memory::MemoryLedger;
use futures_util::future::join_all;
use latchkey_proxy::acme::{ChallengeBoard, Challenges, Ledger};
use latchkey_tenants::store::OpenChallenge;
use latchkey_tenants::{ChallengeKind, ManualClock, testing::START};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, advance};

const HOST: &str = "connect.acme.example";

fn board() -> (Arc<MemoryLedger>, ChallengeBoard) {
    let ledger = Arc::new(MemoryLedger::new(&Arc::new(ManualClock::at(START))));
    let board = ChallengeBoard::new(Arc::clone(&ledger) as Arc<dyn Ledger>);
    (ledger, board)
}

/// As another edge opens it.
fn open(ledger: &MemoryLedger, token: &str) {
    let challenge = OpenChallenge {
        host: HOST.to_owned(),
        kind: ChallengeKind::Http01,
        token: token.to_owned(),
        key_authorization: format!("{token}.print"),
    };
    ledger.state().challenges.insert(0, challenge);
}

#[tokio::test(start_paused = true)]
async fn t2_random_tokens_cost_one_look_at_a_time_and_a_real_one_is_answered() {
    const ROUNDS: usize = 10;
    let (ledger, board) = board();
    for round in 0..ROUNDS {
        let real = format!("real-{round}");
        open(&ledger, &real);
        let names = (0..500).map(|number| format!("r{round}-{number}"));
        let (hosts, tokens): (Vec<_>, Vec<_>) =
            names.map(|name| (format!("{name}.example"), name)).unzip();
        let for_one = tokens.iter().map(|token| board.http01(HOST, token));
        let for_many = hosts.iter().map(|host| board.http01(host, &real));
        let began = Instant::now();
        let (one, many, found) = tokio::join!(
            join_all(for_one),
            join_all(for_many),
            board.http01(HOST, &real)
        );
        assert_eq!(found, Some(format!("{real}.print")));
        assert!(one.iter().chain(&many).all(Option::is_none));
        assert!(
            began.elapsed() <= Duration::from_millis(300),
            "nobody waits for a second look"
        );
        advance(Duration::from_millis(1)).await;
    }
    assert_eq!(ledger.state().looks, ROUNDS);
}

#[tokio::test(start_paused = true)]
async fn a_challenge_that_another_edge_has_just_opened_is_answered() {
    let (ledger, board) = board();
    assert_eq!(board.http01(HOST, "stray").await, None);
    advance(Duration::from_millis(100)).await;
    open(&ledger, "new");
    advance(Duration::from_millis(100)).await;
    assert_eq!(
        board.http01(HOST, "new").await.as_deref(),
        Some("new.print")
    );
    assert_eq!(ledger.state().looks, 2);
}

#[tokio::test(start_paused = true)]
async fn what_the_store_has_told_is_answered_without_asking_again() {
    let (ledger, board) = board();
    open(&ledger, "known");
    board.refresh().await.unwrap();
    for _ in 0..3 {
        advance(Duration::from_secs(1)).await;
        let answer = board.http01(HOST, "known").await;
        assert_eq!(answer.as_deref(), Some("known.print"));
    }
    assert_eq!(ledger.state().looks, 1);
    ledger.state().challenges.clear();
    board.refresh().await.unwrap();
    assert_eq!(board.http01(HOST, "known").await, None);
}

#[tokio::test(start_paused = true)]
async fn a_challenge_on_port_443_is_none_on_port_80() {
    let (ledger, board) = board();
    open(&ledger, "token");
    ledger.state().challenges[0].kind = ChallengeKind::TlsAlpn01;
    assert_eq!(board.http01(HOST, "token").await, None);
}
