use super::*;
use crate::metrics::Metrics;
use tokio::time::advance;

fn upstreams(count: u16) -> Upstreams {
    let addresses: Vec<_> = (1..=count)
        .map(|port| SocketAddr::from(([127, 0, 0, 1], port)))
        .collect();
    let metrics = Metrics::new().gateway;
    Upstreams::new(&addresses, None, Deadlines::default(), metrics)
}

#[tokio::test(start_paused = true)]
async fn each_gets_its_turn() {
    let upstreams = upstreams(3);
    let picked: Vec<_> = (0..6)
        .filter_map(|_| upstreams.pick(Tried::default()))
        .collect();
    assert_eq!(picked, [0, 1, 2, 0, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn who_cannot_be_reached_comes_last() {
    let upstreams = upstreams(2);
    upstreams.cannot_connect(0);
    assert!((0..4).all(|_| upstreams.pick(Tried::default()) == Some(1)));
    let mut tried = Tried::default();
    tried.add(1);
    assert_eq!(upstreams.pick(tried), Some(0), "better than nobody");
    tried.add(0);
    assert_eq!(upstreams.pick(tried), None);
    assert!(!upstreams.untried(tried));
    upstreams.set_reachable(&upstreams.all[0], true);
    assert!((0..4).any(|_| upstreams.pick(Tried::default()) == Some(0)));
}

#[tokio::test(start_paused = true)]
async fn apps_that_move_are_followed() {
    let mut upstreams = upstreams(2);
    let [one, two, three] = [1, 2, 3].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    upstreams.cannot_connect(0);
    upstreams.find = Some(Arc::new(move || Ok(vec![two, three])));
    upstreams.look().await;
    let addresses = |upstreams: &Upstreams| {
        let picked = (0..4).filter_map(|_| upstreams.pick(Tried::default()));
        let mut picked: Vec<_> = picked
            .filter_map(|index| Some(upstreams.at(index)?.address))
            .collect();
        picked.sort();
        picked.dedup();
        picked
    };
    assert_eq!(
        addresses(&upstreams),
        [two, three],
        "the new one is healthy in the old one's place"
    );

    upstreams.find = Some(Arc::new(|| Err(io::ErrorKind::TimedOut.into())));
    upstreams.look().await;
    upstreams.find = Some(Arc::new(|| Ok(Vec::new())));
    upstreams.look().await;
    assert_eq!(addresses(&upstreams), [two, three], "nobody knows better");

    upstreams.follow(&[one]);
    assert_eq!(addresses(&upstreams), [one]);
}

#[tokio::test(start_paused = true)]
async fn who_breaks_off_five_times_in_a_row_rests() {
    let upstreams = upstreams(2);
    let fail = |times| (0..times).for_each(|_| upstreams.answer_broke_off(0));
    fail(4);
    upstreams.answered(0);
    fail(4);
    assert!((0..4).any(|_| upstreams.pick(Tried::default()) == Some(0)));
    fail(1);
    assert!((0..4).all(|_| upstreams.pick(Tried::default()) == Some(1)));
    advance(REST).await;
    assert!((0..4).any(|_| upstreams.pick(Tried::default()) == Some(0)));
}
