//! Several at once. Whoever comes first, the end is the same.

use std::{sync::Arc, time::Duration};

use secrecy::ExposeSecret;
use tokio::join;

use super::{
    apps::client,
    flows::Journey,
    gates::{fail, prove},
    jobs::{claim, enqueue},
    world::{World, fulfil, page, planted, refs, refusal, slot},
};
use crate::{
    ConnectionStatus, GateState, Lifetime, MailStatus, ReceiptOutcome, RequestStatus, Store,
    SystemEntropy,
    store::{ConnectionFilter, Replay, Tokens},
    testing,
};

contract! {
    concurrent_fulfilments_of_one_workflow_leave_its_gate_open,
    concurrent_fulfilments_of_one_item_connect_it_once,
    concurrent_resends_leave_one_link_and_count_once,
    concurrent_wishes_for_a_fresh_link_renew_once,
    a_request_is_cancelled_or_completed_but_not_both,
    concurrent_workers_claim_every_job_once,
    concurrent_refreshers_get_one_lease,
    concurrent_claims_of_a_key_have_one_winner,
    a_flow_is_taken_by_one_of_many,
    concurrent_stores_of_an_oauth_client_leave_one_that_opens,
    gate_and_connection_are_of_one_mind_after_a_failure_and_a_proof,
    events_of_concurrent_steps_form_one_chain,
    steps_on_the_same_rows_never_deadlock,
    two_processes_fulfil_items_of_one_request_at_once,
    a_transaction_that_reads_first_can_still_write_after_another_process_wrote,
}

async fn concurrent_fulfilments_of_one_workflow_leave_its_gate_open(world: World) {
    for _ in 0..5 {
        let apps = ["slack", "gmail", "github", "youtube"];
        let (workflow, request) = world.sent_for(apps.map(slot).to_vec()).await;
        let one = |index: usize| world.fulfil(&request.items[index].id, Some("T01"));
        let (a, b, c, d) = join!(one(0), one(1), one(2), one(3));
        for result in [a, b, c, d] {
            result.unwrap();
        }
        let workflow = world.workflow_now(&workflow).await;
        assert_eq!(workflow.gate.state, GateState::Open);
        let request = world.request_now(&request).await;
        assert_eq!(request.status, RequestStatus::Completed);
    }
    assert_eq!(world.events_of("gate.opened").await, 5);
    assert_eq!(world.events_of("request.completed").await, 5);
}

async fn concurrent_fulfilments_of_one_item_connect_it_once(world: World) {
    let request = world.sent().await;
    let one = || world.fulfil(&request.items[0].id, Some("T01"));
    let (a, b, c) = join!(one(), one(), one());
    let won = [a, b, c].iter().filter(|result| result.is_ok()).count();
    assert_eq!(won, 1);
    assert_eq!(world.count("connections").await, 1);
    assert_eq!(world.count("credentials").await, 1);
}

async fn concurrent_resends_leave_one_link_and_count_once(world: World) {
    let request = world.sent().await;
    let one = || world.write(async |tx| tx.request_resend(&request.id, "staff").await);
    let (a, b, c) = join!(one(), one(), one());
    let won = [a, b, c].iter().filter(|result| result.is_ok()).count();
    assert_eq!(won, 1);
    assert_eq!(world.request_now(&request).await.resends, 1);
    assert_eq!(world.count("links where ended_at is null").await, 1);
    assert_eq!(world.count("mails where kind = 'link_replaced'").await, 1);
}

async fn concurrent_wishes_for_a_fresh_link_renew_once(world: World) {
    let request = world.sent().await;
    world.later(Lifetime::MAILED.duration());
    let one = || world.write(async |tx| tx.request_freshen(&request.id).await);
    let (a, b, c) = join!(one(), one(), one());
    for result in [a, b, c] {
        result.unwrap();
    }
    assert_eq!(world.count("requests").await, 2);
    assert_eq!(world.count("links where ended_at is null").await, 1);
}

async fn a_request_is_cancelled_or_completed_but_not_both(world: World) {
    for _ in 0..5 {
        let request = world.sent().await;
        let (fulfilled, cancelled) = join!(
            world.fulfil(&request.items[0].id, Some("T01")),
            super::ending::cancel(&world, &request.id),
        );
        let status = world.request_now(&request).await.status;
        if fulfilled.is_ok() {
            assert_eq!(refusal(cancelled), "not_open");
            assert_eq!(status, RequestStatus::Completed);
        } else {
            assert_eq!(refusal(fulfilled), "request_ended");
            assert_eq!(status, RequestStatus::Cancelled);
        }
    }
}

async fn concurrent_workers_claim_every_job_once(world: World) {
    for number in 0..4 {
        enqueue(&world, &number.to_string(), world.store.now()).await;
    }
    let (a, b, c, d) = join!(claim(&world), claim(&world), claim(&world), claim(&world));
    let mut keys: Vec<String> = [a, b, c, d]
        .into_iter()
        .map(|job| job.expect("a job for each worker").payload.to_string())
        .collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 4);
    assert!(claim(&world).await.is_none());
}

async fn concurrent_refreshers_get_one_lease(world: World) {
    let (_, _, id) = world.connected("slack").await;
    let one = || world.write(async |tx| tx.credential_lease(&id, 0, "worker").await);
    let (a, b, c) = join!(one(), one(), one());
    let leases: Vec<i64> = [a, b, c].into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(leases, [1]);
}

async fn concurrent_claims_of_a_key_have_one_winner(world: World) {
    let one = || world.write(async |tx| tx.idempotency_claim("key", b"one").await);
    let (a, b, c) = join!(one(), one(), one());
    let won = [a, b, c]
        .iter()
        .filter(|result| matches!(result, Ok(Replay::New)))
        .count();
    assert_eq!(won, 1);
}

async fn a_flow_is_taken_by_one_of_many(world: World) {
    let request = world.sent().await;
    let journey = Journey::new(&world);
    journey.start(&world, &request).await;
    let one = || world.write(async |tx| tx.flow_take(&journey.state).await);
    let (a, b, c) = join!(one(), one(), one());
    let won = [a, b, c].into_iter().filter_map(Result::unwrap).count();
    assert_eq!(won, 1);
}

async fn concurrent_stores_of_an_oauth_client_leave_one_that_opens(world: World) {
    let (one, two) = (client("one", Some("hush-1")), client("two", Some("hush-2")));
    let (a, b) = join!(
        world.write(async |tx| tx.oauth_client_put("slack", &one, "staff").await),
        world.write(async |tx| tx.oauth_client_put("slack", &two, "staff").await),
    );
    assert_eq!(a.unwrap().ctx, b.unwrap().ctx);
    let kept = world
        .read(async |tx| tx.oauth_client("slack").await)
        .await
        .unwrap()
        .unwrap();
    let secret = kept.client_secret.unwrap();
    let pair = (kept.client_id.as_str(), secret.expose_secret());
    assert!([("one", "hush-1"), ("two", "hush-2")].contains(&pair));
}

async fn gate_and_connection_are_of_one_mind_after_a_failure_and_a_proof(world: World) {
    let (workflow, _, id) = world.connected("slack").await;
    for _ in 0..5 {
        join!(fail(&world, &id), prove(&world, &id));
        let list = world
            .read(async |tx| tx.connections(&ConnectionFilter::default(), &page(1)).await)
            .await;
        let open = list.unwrap()[0].status == ConnectionStatus::Active;
        let state = world.workflow_now(&workflow).await.gate.state;
        assert_eq!(state == GateState::Open, open);
        prove(&world, &id).await;
    }
}

async fn events_of_concurrent_steps_form_one_chain(world: World) {
    let (request, other) = (world.sent().await, world.sent().await);
    world.later(Duration::from_mins(1));
    let (a, b, c, d) = join!(
        world.fulfil(&request.items[0].id, Some("T01")),
        world.write(async |tx| tx.request_resend(&other.id, "staff").await),
        world.write(async |tx| tx.request_opened(&other.id).await),
        world.write(async |tx| {
            let (name, slug) = ("New".parse().unwrap(), "new".parse().unwrap());
            tx.workspace_create(name, slug, "staff").await
        }),
    );
    a.unwrap();
    b.unwrap();
    c.unwrap();
    d.unwrap();
    let broken = world.read(async |tx| tx.first_broken_event().await).await;
    assert_eq!(broken.unwrap(), None);
}

async fn steps_on_the_same_rows_never_deadlock(world: World) {
    let (_, request, id) = world.connected("slack").await;
    let mails = world.read(async |tx| tx.mails_of(&request.id).await).await;
    let mail = mails.unwrap().swap_remove(0);
    let connection = world.read(async |tx| tx.connection(&id).await).await;
    let connection = connection.unwrap().unwrap();
    let (access, _) = planted("-again");
    for _ in 0..3 {
        let tokens = Tokens {
            access_token: &access,
            refresh_token: None,
            token_type: "Bearer",
            expires_at: None,
        };
        let refresh = world.write(async |tx| {
            tx.credential_refreshed(&connection, 0, &tokens).await?;
            tx.connection_scopes(&id, &[]).await?;
            tx.connection_proven(&id, None).await
        });
        let used = world.write(async |tx| {
            let (now, key) = (tx.now(), tx.new_id());
            tx.connection_used(&id, now, &key).await?;
            tx.connection_receipt(&id, ReceiptOutcome::Failed).await?;
            tx.mail_done(&mail, MailStatus::Sent, None).await
        });
        let other = world.write(async |tx| {
            tx.mail_done(&mail, MailStatus::Sent, None).await?;
            tx.connection_failed(&id, "invalid_grant").await?;
            tx.connection_proven(&id, None).await
        });
        let opened = world.write(async |tx| tx.request_opened(&request.id).await);
        let (a, b, c, d) = join!(refresh, used, other, opened);
        a.unwrap();
        b.unwrap();
        c.unwrap();
        d.unwrap();
    }
}

async fn two_processes_fulfil_items_of_one_request_at_once(world: World) {
    let other = other_process(&world).await;
    let apps = ["slack", "gmail", "github", "youtube"];
    let (workflow, request) = world.sent_for(apps.map(slot).to_vec()).await;
    let there = async |index: usize| {
        let mut tx = other.begin(&world.ours.id).await.unwrap();
        let item = &request.items[index].id;
        fulfil(&mut tx, item, Some("T01"), &planted(""))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    };
    let here = async |index: usize| {
        let fulfilled = world.fulfil(&request.items[index].id, Some("T01")).await;
        fulfilled.unwrap();
    };
    join!(here(0), there(1), here(2), there(3));
    let workflow = world.workflow_now(&workflow).await;
    assert_eq!(workflow.gate.state, GateState::Open);
    let status = world.request_now(&request).await.status;
    assert_eq!(status, RequestStatus::Completed);
}

async fn a_transaction_that_reads_first_can_still_write_after_another_process_wrote(world: World) {
    let other = other_process(&world).await;
    let workflow = world.workflow(vec![slot("slack")]).await;
    let mut tx = world.store.begin(&world.ours.id).await.unwrap();
    let here = async {
        // Long enough for the other to write in between, where it can.
        for _ in 0..50 {
            tx.workflow(&workflow.id).await.unwrap();
        }
        let new = world.new_request(refs(&workflow));
        tx.request_create(new, "staff").await.unwrap();
        tx.commit().await.unwrap();
    };
    let there = async {
        let mut tx = other.begin(&world.ours.id).await.unwrap();
        let new = world.new_request(refs(&workflow));
        tx.request_create(new, "staff").await.unwrap();
        tx.commit().await.unwrap();
    };
    join!(there, here);
    assert_eq!(world.count("requests").await, 2);
}

async fn other_process(world: &World) -> Store {
    let entropy = Arc::new(SystemEntropy::new());
    Store::connect(&world.url, testing::vault(), world.clock.clone(), entropy)
        .await
        .unwrap()
}
