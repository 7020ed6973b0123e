//! What clients have of their own, and that nobody else has it.

use std::time::Duration;

use super::{
    estate::Estate,
    people_estate::{CLIENT, HOST, invite, joined, mailed, member_now, start},
    world::{World, fulfil, not_found, planted, refs, refusal, refused_field, slot},
};
use crate::{
    Asked, Connection, ConnectionId, GateState, Lifetime, MailKind, Member, MissingReason,
    NewRequest, PageOf, Request, Role, SlotRef, store::SignInMethod,
};

contract! {
    a_request_in_an_inbox_has_no_link_and_its_mail_no_secret,
    only_a_client_of_the_workspace_can_be_asked_in_an_inbox,
    a_connection_is_whose_address_it_was_made_by,
    who_is_removed_leaves_their_connections_to_their_address,
    a_pause_shuts_the_gate_until_it_is_resumed,
    a_connection_is_renewed_with_the_same_account_only,
    a_revoked_connection_is_asked_for_once_more,
    a_link_that_was_handed_on_opens_one_item_as_long_as_it_is_of_use,
    an_address_is_known_for_an_hour_on_its_host,
    t1_another_agency_finds_nothing_of_a_client,
}

fn first(limit: i64) -> PageOf<ConnectionId> {
    PageOf { after: None, limit }
}

async fn client(world: &World) -> Member {
    joined(world, CLIENT, Role::Client).await
}

fn asking(world: &World, member: &Member, slots: Vec<SlotRef>) -> NewRequest {
    NewRequest {
        asked: Asked::Member(member.id.clone()),
        lifetime: Lifetime::INBOX,
        ..world.new_request(slots)
    }
}

/// In the client's inbox, sent.
async fn asked(world: &World, member: &Member, apps: &[&str]) -> Request {
    let workflow = world
        .workflow(apps.iter().map(|app| slot(app)).collect())
        .await;
    let new = asking(world, member, refs(&workflow));
    let queued = world
        .write(async |tx| tx.request_create(new, "staff").await)
        .await
        .unwrap();
    world.send(&queued).await
}

async fn a_request_in_an_inbox_has_no_link_and_its_mail_no_secret(world: World) {
    let member = client(&world).await;
    let request = asked(&world, &member, &["slack", "gmail"]).await;
    assert_eq!(request.member_id.as_ref(), Some(&member.id));
    assert_eq!(request.recipient.email, member.email);
    assert_eq!(world.count("links").await, 0);
    let inbox = async || {
        world
            .read(async |tx| tx.inbox_of(&member).await)
            .await
            .unwrap()
    };
    assert_eq!(inbox().await.len(), 2);
    let mails = world.read(async |tx| tx.mails_of(&request.id).await).await;
    let id = mails.unwrap()[0].id.clone();
    let mail = world.read(async |tx| tx.mail(&id).await).await.unwrap();
    assert!(mail.unwrap().secret.is_none());
    world.later(Duration::from_hours(1));
    world
        .write(async |tx| tx.request_resend(&request.id, "staff").await)
        .await
        .unwrap();
    assert_eq!(world.count("links").await, 0);
    world.later(Duration::from_hours(4));
    assert!(inbox().await.is_empty(), "its time is up");
}

async fn only_a_client_of_the_workspace_can_be_asked_in_an_inbox(world: World) {
    let workflow = world.workflow(vec![slot("slack")]).await;
    let owner = super::people_estate::owner(&world).await;
    let new = asking(&world, &owner, refs(&workflow));
    let refused = world
        .write(async |tx| tx.request_create(new, "staff").await)
        .await;
    assert_eq!(refused_field(refused), "/member_id");
}

/// The connection of a request by link to this address.
async fn by_link(world: &World) -> ConnectionId {
    world.connected("slack").await.2
}

async fn a_connection_is_whose_address_it_was_made_by(world: World) {
    let before = by_link(&world).await;
    let member = client(&world).await;
    let other = joined(&world, "kim@globex.example", Role::Client).await;
    let of = async |member: &Member| {
        let found = world
            .read(async |tx| tx.connections_of_member(member, &first(10)).await)
            .await;
        let ids = found.unwrap().into_iter().map(|one| one.id);
        ids.collect::<Vec<_>>()
    };
    assert!(of(&member).await.is_empty());
    for member in [&member, &other] {
        start(&world, member, SignInMethod::Mail, None).await;
    }
    assert_eq!(of(&member).await, std::slice::from_ref(&before));
    let after = by_link(&world).await;
    assert_eq!(of(&member).await, [after.clone(), before.clone()]);
    let pages = world
        .read(async |tx| {
            let newest = tx.connections_of_member(&member, &first(1)).await?;
            let page = PageOf {
                after: Some(newest[0].id.clone()),
                limit: 10,
            };
            let older = tx.connections_of_member(&member, &page).await?;
            let of_address = tx.connections_of_address(&member.email, &page).await?;
            let ids = |found: Vec<Connection>| found.into_iter().map(|one| one.id).collect();
            Ok::<_, crate::StoreError>([ids(newest), ids(older), ids(of_address)])
        })
        .await;
    let pages: [Vec<ConnectionId>; 3] = pages.unwrap();
    assert_eq!(pages, [vec![after], vec![before.clone()], vec![before]]);
    assert!(of(&other).await.is_empty());
    assert_eq!(world.events_of("connection.adopted").await, 1);
    let happened = world
        .read(async |tx| tx.activity_of(&member, None, 10).await)
        .await
        .unwrap();
    assert_eq!(happened.len(), 2);
    let older = world
        .read(async |tx| tx.activity_of(&member, Some(&happened[0].id), 10).await)
        .await
        .unwrap();
    assert_eq!(older.len(), 1);
    let theirs = world
        .read(async |tx| tx.activity_of(&other, None, 10).await)
        .await;
    assert!(theirs.unwrap().is_empty());
}

async fn who_is_removed_leaves_their_connections_to_their_address(world: World) {
    let member = client(&world).await;
    let connection = by_link(&world).await;
    asked(&world, &member, &["gmail"]).await;
    world
        .write(async |tx| tx.member_remove(&member.id, Role::Owner, "staff").await)
        .await
        .unwrap();
    let left = world
        .read(async |tx| tx.connections_of_address(&member.email, &first(10)).await)
        .await
        .unwrap();
    assert_eq!(left[0].id, connection);
    assert_eq!(left[0].member_id, None);
    assert_eq!(world.count("requests where member_id is not null").await, 0);
}

async fn a_pause_shuts_the_gate_until_it_is_resumed(world: World) {
    let (workflow, _, connection) = world.connected("slack").await;
    for _ in 0..2 {
        world
            .write(async |tx| tx.connection_pause(&connection, "recipient").await)
            .await
            .unwrap();
    }
    let now = world.workflow_now(&workflow).await;
    assert_eq!(now.gate.state, GateState::Paused);
    assert_eq!(now.slots[0].missing(), Some(MissingReason::Paused));
    let handout = world
        .read(async |tx| tx.credential_handout(&connection).await)
        .await;
    assert!(handout.unwrap().unwrap().paused);
    for _ in 0..2 {
        world
            .write(async |tx| tx.connection_resume(&connection, "recipient").await)
            .await
            .unwrap();
    }
    let now = world.workflow_now(&workflow).await;
    assert_eq!(now.gate.state, GateState::Open);
    assert_eq!(world.events_of("connection.paused").await, 1);
    assert_eq!(world.events_of("connection.resumed").await, 1);
}

async fn a_connection_is_renewed_with_the_same_account_only(world: World) {
    let (workflow, request, connection) = world.connected("slack").await;
    world
        .write(async |tx| tx.connection_failed(&connection, "invalid_grant").await)
        .await
        .unwrap();
    let item = &request.items[0].id;
    let again = async |account: &str| {
        let (access, refresh) = planted("-new");
        world
            .write(async |tx| {
                let account = crate::Account {
                    id: account.to_owned(),
                    label: None,
                };
                let new = super::world::renewal(item, account, (&access, &refresh), tx.now());
                tx.connection_reconnected(&connection, &new).await
            })
            .await
    };
    assert_eq!(refusal(again("T02").await), "other_account");
    assert_eq!(
        world.workflow_now(&workflow).await.gate.state,
        GateState::Paused
    );
    again("T01").await.unwrap();
    assert_eq!(
        world.workflow_now(&workflow).await.gate.state,
        GateState::Open
    );
    let (_, credential) = world
        .read(async |tx| tx.connection_with_credential(&connection).await)
        .await
        .unwrap()
        .unwrap();
    let token = credential.unwrap().access_token;
    let token = secrecy::ExposeSecret::expose_secret(&token);
    assert_eq!(token, "planted-access-token-new");
    world
        .write(async |tx| tx.connection_revoked(&connection, "recipient").await)
        .await
        .unwrap();
    assert_eq!(refusal(again("T01").await), "connection_revoked");
}

async fn a_revoked_connection_is_asked_for_once_more(world: World) {
    let member = client(&world).await;
    let request = asked(&world, &member, &["slack"]).await;
    let (_, connection) = world
        .fulfil(&request.items[0].id, Some("T01"))
        .await
        .unwrap();
    world
        .write(async |tx| tx.connection_revoked(&connection, "recipient").await)
        .await
        .unwrap();
    let ask = async || {
        world
            .write(async |tx| tx.connection_ask_again(&connection, &member).await)
            .await
    };
    let item = ask().await.unwrap();
    assert_eq!(ask().await.unwrap(), item, "it is in the inbox already");
    let tokens = planted("");
    world
        .write(async |tx| fulfil(tx, &item, Some("T01"), &tokens).await)
        .await
        .unwrap();
    assert_eq!(refusal(ask().await), "not_needed");
}

async fn a_link_that_was_handed_on_opens_one_item_as_long_as_it_is_of_use(world: World) {
    let (_, request) = world.sent_for(vec![slot("slack"), slot("gmail")]).await;
    let item = &request.items[0].id;
    let (by, to) = (
        request.recipient.email.clone(),
        "kim@globex.example".parse().unwrap(),
    );
    let hand = async |to: &str| {
        let to = to.parse().unwrap();
        world
            .write(async |tx| tx.item_forward(item, &by, &to).await)
            .await
    };
    assert_eq!(
        refusal(hand("JO@globex.example").await),
        "forwarded_already"
    );
    for name in ["kim", "lea", "max"] {
        hand(&format!("{name}@globex.example")).await.unwrap();
    }
    assert_eq!(
        refusal(hand("kim@globex.example").await),
        "forwarded_already"
    );
    assert_eq!(refusal(hand("ida@globex.example").await), "forward_limit");
    let secret = mailed(&world, MailKind::Forwarded, "kim@globex.example").await;
    let link = world.read(async |tx| tx.link(&secret).await).await.unwrap();
    let scope = link.unwrap().scope.expect("a scope");
    assert_eq!((&scope.item_id, &scope.email), (item, &to));
    let session = world
        .write(async |tx| tx.link_session_start(&request, Some(&scope), HOST).await)
        .await
        .unwrap();
    let seen = async || {
        let found = world.read(async |tx| tx.link_session(&session).await).await;
        found.unwrap().map(|(_, request)| request.items.len())
    };
    assert_eq!(seen().await, Some(1));
    world.later(Duration::from_mins(2));
    world
        .write(async |tx| tx.request_resend(&request.id, "staff").await)
        .await
        .unwrap();
    assert!(world.link_lives(&secret).await, "only the own link is new");
    world
        .write(async |tx| tx.item_decline(item, None, "recipient").await)
        .await
        .unwrap();
    assert!(!world.link_lives(&secret).await);
    assert_eq!(seen().await, None);
    assert_eq!(refusal(hand("zoe@globex.example").await), "item_closed");
}

async fn an_address_is_known_for_an_hour_on_its_host(world: World) {
    let email = CLIENT.parse().unwrap();
    world
        .write(async |tx| tx.address_ask(&email, HOST).await)
        .await
        .unwrap();
    let link = mailed(&world, MailKind::MyConnections, CLIENT).await;
    let open = async |host: &str| {
        world
            .write(async |tx| tx.address_session_start(&link, host).await)
            .await
            .unwrap()
    };
    assert!(open("elsewhere.example").await.is_none());
    let session = open(HOST).await.expect("a session");
    let known = async |host: &str| {
        world
            .read(async |tx| tx.address_session(&session, host).await)
            .await
            .unwrap()
    };
    assert_eq!(known(HOST).await, Some(email.clone()));
    assert_eq!(known("elsewhere.example").await, None);
    let other = open(HOST).await.expect("a session");
    world
        .write(async |tx| tx.address_session_end(&other).await)
        .await
        .unwrap();
    let left = world
        .read(async |tx| tx.address_session(&other, HOST).await)
        .await;
    assert_eq!(left.unwrap(), None);
    assert_eq!(known(HOST).await, Some(email));
    world.later(Duration::from_hours(1));
    assert_eq!(known(HOST).await, None);
    assert!(open(HOST).await.is_none());
    let gone = world
        .platform(async |tx| tx.address_sessions_drop_ended().await)
        .await;
    assert_eq!(gone, 0, "not a moment early");
    world.later(Duration::from_secs(1));
    let gone = world
        .platform(async |tx| tx.address_sessions_drop_ended().await)
        .await;
    assert_eq!(gone, 2);
}

/// The client with the address by way of which our connection was made.
fn our_client(member: &Member, our: &Estate) -> Member {
    Member {
        email: our.request.recipient.email.clone(),
        ..member.clone()
    }
}

async fn t1_another_agency_finds_nothing_of_a_client(world: World) {
    let our = Estate::build(&world).await;
    let member = joined(&world, "ida@globex.example", Role::Client).await;
    let member = member_now(&world, &member).await;
    invite(&world, "more@globex.example", Role::Client)
        .await
        .unwrap();
    let request = asked(&world, &member, &["slack"]).await;
    let workflow = &request.items[0].slots[0].workflow_id;
    world
        .write(async |tx| tx.address_ask(&member.email, HOST).await)
        .await
        .unwrap();
    let link = mailed(&world, MailKind::MyConnections, "ida@globex.example").await;
    let before = world.rows().await;
    world
        .read_foreign(async |tx| {
            assert!(tx.inbox_of(&member).await?.is_empty());
            assert!(tx.inbox_of_workflow(&member, workflow).await?.is_empty());
            let page = first(10);
            let own = tx.connections_of_member(&member, &page).await?;
            assert!(own.is_empty());
            assert!(tx.activity_of(&member, None, 10).await?.is_empty());
            let email = &our.request.recipient.email;
            assert!(tx.connections_of_address(email, &page).await?.is_empty());
            assert!(tx.item_of_connection(&our.connection).await?.is_none());
            assert!(!tx.connection_is_needed(&our.connection).await?);
            assert!(tx.forwards_of(our.id()).await?.is_empty());
            assert!(tx.address_session(&link, HOST).await?.is_none());
            Ok::<_, crate::StoreError>(())
        })
        .await
        .unwrap();
    let session = world
        .write_foreign(async |tx| {
            tx.connections_adopt(&our_client(&member, &our)).await?;
            tx.address_session_end(&link).await?;
            tx.address_session_start(&link, HOST).await
        })
        .await;
    assert!(session.unwrap().is_none());
    let to = "kim@globex.example".parse().unwrap();
    let forward = world
        .write_foreign(async |tx| tx.item_forward(our.item(), &to, &to).await)
        .await;
    assert_eq!(not_found(forward), "item");
    let pause = world
        .write_foreign(async |tx| tx.connection_pause(&our.connection, "x").await)
        .await;
    assert_eq!(not_found(pause), "connection");
    let resume = world
        .write_foreign(async |tx| tx.connection_resume(&our.connection, "x").await)
        .await;
    assert_eq!(not_found(resume), "connection");
    let again = world
        .write_foreign(async |tx| tx.connection_ask_again(&our.connection, &member).await)
        .await;
    assert_eq!(refusal(again), "not_needed");
    assert_eq!(world.rows().await, before);
}
