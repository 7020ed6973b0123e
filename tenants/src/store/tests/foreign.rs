//! T1 in the store: the foreign agency, with every id and every secret of ours in its hands.

use std::collections::BTreeSet;

use super::{
    apps::{client, own_app},
    estate::Estate,
    flows::Journey,
    jobs::job,
    raw::Cell,
    schema::sources,
    world::{World, fulfil, not_found, page, planted, refs, refused_field, slot},
};
use crate::{
    ActionError, AgencyStatus, EventType, KeyScope, MailKind, MailStatus, NewEvent, NewWorkflow,
    ReceiptOutcome, Resume, StoreError,
    store::{
        ConnectionFilter, EventFilter, LinkSession, NewMail, Replay, RequestFilter, Tokens,
        WorkflowFilter,
    },
};

contract! {
    t1_foreign_ids_read_nothing,
    t1_foreign_lists_are_empty,
    t1_foreign_steps_find_no_request,
    t1_foreign_steps_find_no_connection,
    t1_foreign_steps_change_nothing,
    t1_what_is_theirs_cannot_hang_on_ours,
    t1_no_flow_session_or_mail_of_theirs_leads_to_ours,
    t1_the_same_names_at_both_agencies_stay_apart,
}

/// Every row that carries our id.
pub async fn ours(world: &World) -> BTreeSet<(String, Vec<Cell>)> {
    let mine = Cell::Text(world.ours.id.to_string());
    let mut rows = BTreeSet::new();
    for (table, all) in world.rows().await {
        let of_ours = all.into_iter().filter(|row| row.contains(&mine));
        rows.extend(of_ours.map(|row| (table.clone(), row)));
    }
    rows
}

async fn t1_foreign_ids_read_nothing(world: World) {
    let our = Estate::build(&world).await;
    world
        .read_foreign(async |tx| {
            assert!(tx.workspace(&world.workspace.id).await?.is_none());
            assert!(tx.workflow(&our.workflow.id).await?.is_none());
            assert!(tx.request(our.id()).await?.is_none());
            assert!(tx.request_of_item(our.item()).await?.is_none());
            assert!(tx.request_id_of_item(our.item()).await?.is_none());
            assert!(tx.connection(&our.connection).await?.is_none());
            let both = tx.connection_with_credential(&our.connection).await?;
            assert!(both.is_none());
            assert!(tx.credential_handout(&our.connection).await?.is_none());
            assert!(tx.link(&our.link).await?.is_none());
            assert!(!tx.link_lives(&our.link).await?);
            assert!(tx.link_session(&our.session).await?.is_none());
            assert!(tx.link_page(&our.session).await?.is_none());
            assert!(tx.flow_trace(&our.journey.state).await?.is_none());
            let hop = our.journey.ticket();
            assert!(tx.flow_hop_trace(hop).await?.is_none());
            assert!(tx.flow_return_trace(&our.ticket_home).await?.is_none());
            assert!(tx.mail(&our.mail.id).await?.is_none());
            assert!(tx.mails_of(our.id()).await?.is_empty());
            assert!(tx.app("acme-crm").await?.is_none());
            assert!(tx.oauth_client("slack").await?.is_none());
            assert!(
                tx.host_state(&"a.example".parse().unwrap())
                    .await?
                    .is_none()
            );
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    let missing = world
        .read_foreign(async |tx| tx.request_existing(our.id()).await)
        .await;
    assert_eq!(not_found(missing), "request");
    let around = world
        .read_foreign(async |tx| tx.request_surroundings(our.id()).await)
        .await;
    assert!(around.is_err());
}

async fn t1_foreign_lists_are_empty(world: World) {
    let our = Estate::build(&world).await;
    world
        .read_foreign(async |tx| {
            let filter = ConnectionFilter::default();
            assert!(tx.connections(&filter, &page(99)).await?.is_empty());
            let here = RequestFilter {
                workspace_id: Some(world.workspace.id.clone()),
                status: None,
            };
            for filter in [RequestFilter::default(), here] {
                assert!(tx.requests(&filter, &page(99)).await?.is_empty());
            }
            assert!(
                tx.workflows(&WorkflowFilter::default(), &page(99))
                    .await?
                    .is_empty()
            );
            let fed = tx.workflows_of_connection(&our.connection).await?;
            assert!(fed.is_empty());
            assert!(tx.own_apps().await?.is_empty());
            assert!(tx.oauth_client_contexts().await?.is_empty());
            let workspaces = tx.workspaces(&page(99)).await?;
            assert!(
                workspaces
                    .iter()
                    .all(|found| found.id != world.workspace.id)
            );
            let about = EventFilter {
                subject: Some(our.id().to_string()),
                ..Default::default()
            };
            assert!(tx.events(&about, 99).await?.is_empty());
            assert_eq!(tx.agency_itself().await?.id, world.theirs.id);
            let contact = tx.agency_contact().await?.unwrap();
            assert_eq!(contact.as_str(), "help@theirs.example");
            assert_eq!(tx.first_broken_event().await?, None);
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
}

async fn t1_foreign_steps_find_no_request(world: World) {
    let our = Estate::build(&world).await;
    world.later(crate::Lifetime::MAILED.duration());
    let before = world.rows().await;
    world
        .write_foreign(async |tx| {
            let id = our.id();
            assert_eq!(not_found(tx.request_send(id, "staff").await), "request");
            assert_eq!(not_found(tx.request_resend(id, "staff").await), "request");
            assert_eq!(
                not_found(tx.request_make_link(id, "staff").await),
                "request"
            );
            assert_eq!(not_found(tx.request_cancel(id, "staff").await), "request");
            assert_eq!(not_found(tx.request_expire(id).await), "request");
            assert_eq!(not_found(tx.request_renew(id, "staff").await), "request");
            assert_eq!(
                not_found(tx.item_decline(our.item(), None, "recipient").await),
                "item"
            );
            let tokens = planted("");
            let fulfilled = fulfil(tx, our.item(), Some("T01"), &tokens).await;
            assert_eq!(not_found(fulfilled), "item");
            let moved = tx.oauth_client_move("slack", None, "staff").await;
            assert_eq!(not_found(moved), "OAuth client");
            let resumed = tx.gate_resume(&our.workflow.id).await;
            assert_eq!(not_found(resumed), "workflow");
            tx.request_freshen(id).await?;
            tx.request_opened(id).await?;
            Ok::<_, ActionError>(())
        })
        .await
        .unwrap();
    assert_eq!(world.rows().await, before);
}

async fn t1_foreign_steps_find_no_connection(world: World) {
    let our = Estate::build(&world).await;
    let found = world
        .read(async |tx| tx.connection(&our.connection).await)
        .await;
    let connection = found.unwrap().unwrap();
    let before = ours(&world).await;
    let (access, refresh) = planted("-foreign");
    let tokens = Tokens {
        access_token: &access,
        refresh_token: Some(&refresh),
        token_type: "Bearer",
        expires_at: None,
    };
    world
        .write_foreign(async |tx| {
            let (id, scopes) = (&our.connection, ["stolen".to_owned()]);
            assert_eq!(
                not_found(tx.connection_proven(id, None).await),
                "connection"
            );
            assert_eq!(not_found(tx.connection_failed(id, "x").await), "connection");
            assert_eq!(
                not_found(tx.connection_revoked(id, "x").await),
                "connection"
            );
            let failed = tx.credential_failed(id, 0, "x").await;
            assert_eq!(not_found(failed), "connection");
            assert_eq!(tx.credential_lease(id, 0, "worker").await?, None);
            tx.credential_release(id, 0).await?;
            tx.connection_scopes(id, &scopes).await?;
            tx.connection_receipt(id, ReceiptOutcome::Revoked).await?;
            let (now, key) = (tx.now(), tx.new_id());
            tx.connection_used(id, now, &key).await?;
            Ok::<_, ActionError>(())
        })
        .await
        .unwrap();
    // Their data keys do not even hold the scope that it would be sealed in.
    let refreshed = world
        .write_foreign(async |tx| tx.credential_refreshed(&connection, 0, &tokens).await)
        .await;
    assert!(!matches!(refreshed, Ok(true)));
    assert_eq!(ours(&world).await, before);
}

async fn t1_foreign_steps_change_nothing(world: World) {
    let our = Estate::build(&world).await;
    let (session, _): (LinkSession, _) = world
        .read(async |tx| tx.link_session(&our.session).await)
        .await
        .unwrap()
        .unwrap();
    world.later(std::time::Duration::from_mins(6));
    let before = ours(&world).await;
    world
        .write_foreign(async |tx| {
            assert!(tx.flow_take(&our.journey.state).await?.is_none());
            let (hop, home) = (our.journey.ticket(), &our.ticket_home);
            assert!(tx.flow_hop_take(hop, home).await?.is_none());
            assert!(tx.flow_return_take(home).await?.is_none());
            let kept = tx.flow_answer_keep(&our.flow, home, hop).await?;
            assert!(!kept);
            tx.link_session_touch(&session).await?;
            tx.mail_done(&our.mail, MailStatus::Sent, None).await?;
            tx.mail_trouble(&our.mail, "trouble").await?;
            tx.idempotency_forget("key").await?;
            tx.idempotency_store("key", 500, &our.link).await?;
            let event = NewEvent {
                kind: EventType::AppUnavailable,
                actor: "theirs",
                subject: our.id().as_str(),
                data: serde_json::json!({}),
            };
            tx.record(event).await?;
            tx.agency_set_brand(&world.ours, "staff").await?;
            tx.agency_set_status(AgencyStatus::Suspended).await?;
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    assert_eq!(ours(&world).await, before);
}

async fn t1_what_is_theirs_cannot_hang_on_ours(world: World) {
    let our = Estate::build(&world).await;
    let before = ours(&world).await;
    let theirs = world
        .read_foreign(async |tx| tx.workspaces(&page(1)).await)
        .await;
    let theirs = theirs.unwrap().swap_remove(0).id;
    let workflow = |workspace_id| NewWorkflow {
        workspace_id,
        name: "Theirs".parse().unwrap(),
        external_id: None,
        resume: Resume::Auto,
        slots: vec![slot("slack")],
    };
    world
        .write_foreign(async |tx| {
            let new = workflow(world.workspace.id.clone());
            let refused = tx.workflow_create(new, "staff").await;
            assert_eq!(refused_field(refused), "/workspace_id");
            let new = world.new_request(refs(&our.workflow));
            let refused = tx.request_create(new, "staff").await;
            assert_eq!(refused_field(refused), "/workspace_id");
            let mut new = world.new_request(refs(&our.workflow));
            new.workspace_id = theirs.clone();
            let refused = tx.request_create(new, "staff").await;
            assert_eq!(refused_field(refused), "/items/0/workflow_id");
            // Their workflow does not lend itself to our slot either.
            let own = tx
                .workflow_create(workflow(theirs.clone()), "staff")
                .await?;
            let mut slots = refs(&own);
            slots[0].slot_id = our.workflow.slots[0].id.clone();
            let mut new = world.new_request(slots);
            new.workspace_id = theirs.clone();
            let refused = tx.request_create(new, "staff").await;
            assert_eq!(refused_field(refused), "/items/0/slot_id");
            Ok::<_, ActionError>(())
        })
        .await
        .unwrap();
    assert_eq!(ours(&world).await, before);
}

async fn t1_no_flow_session_or_mail_of_theirs_leads_to_ours(world: World) {
    let our = Estate::build(&world).await;
    let before = ours(&world).await;
    let started = world
        .write_foreign(async |tx| Journey::new(&world).start_in(tx, &our.request).await)
        .await;
    assert!(matches!(started, Err(StoreError::Database(_))));
    let session = world
        .write_foreign(async |tx| tx.link_session_start(&our.request, None, "host").await)
        .await;
    assert!(matches!(session, Err(StoreError::Database(_))));
    let mail = world
        .write_foreign(async |tx| {
            tx.mail_enqueue(NewMail {
                kind: MailKind::Request,
                request_id: Some(our.id()),
                recipient: &our.request.recipient.email,
                secret: Some((Some(&world.workspace.id), &our.link)),
                data: serde_json::json!({}),
            })
            .await
        })
        .await;
    assert!(matches!(mail, Err(StoreError::Vault(_))));
    assert_eq!(ours(&world).await, before);
}

async fn t1_the_same_names_at_both_agencies_stay_apart(world: World) {
    let our = Estate::build(&world).await;
    let before = ours(&world).await;
    world
        .write_foreign(async |tx| {
            tx.fresh_ask(Some(our.id())).await?;
            tx.app_create(&own_app("acme-crm"), "staff").await?;
            let client = client("theirs", None);
            tx.oauth_client_put("slack", &client, "staff").await?;
            let claimed = tx.idempotency_claim("key", b"theirs").await?;
            assert!(matches!(claimed, Replay::New));
            tx.api_key_create(&"ours".parse().unwrap(), KeyScope::ALL, "x")
                .await?;
            let now = tx.now();
            tx.job_enqueue(job("one", now)).await?;
            let (name, slug) = ("Ours".parse().unwrap(), "acme".parse().unwrap());
            tx.workspace_create(name, slug, "staff").await?;
            Ok::<_, ActionError>(())
        })
        .await
        .unwrap();
    assert_eq!(ours(&world).await, before);
}

/// A function of an agency's transaction that no case above calls has no foreign twin yet: add it to one.
#[test]
fn t1_every_function_of_an_agencys_transaction_has_its_foreign_twin() {
    let twins = concat!(
        include_str!("foreign.rs"),
        include_str!("foreign_clients.rs"),
        include_str!("foreign_edge.rs"),
        include_str!("foreign_themes.rs"),
        include_str!("foreign_people.rs"),
        include_str!("foreign_mail.rs"),
        include_str!("foreign_work.rs"),
        include_str!("foreign_setup.rs"),
        include_str!("portal.rs"),
        include_str!("workflow_changes.rs")
    );
    let mut missing = Vec::new();
    for (file, source) in sources() {
        let mut of_agency = false;
        for line in source.lines() {
            if line.starts_with("impl ") {
                of_agency = line == "impl Tx {";
            }
            let Some(rest) = line.strip_prefix("    pub async fn ") else {
                continue;
            };
            let name = rest.split(['(', '<']).next().unwrap();
            // These take more arguments than a case should show: `fulfil`, `Journey::start_in` and `themes::add` call them.
            let known = ["commit", "connection_fulfil", "flow_start", "theme_add"].contains(&name);
            if of_agency && !known && !twins.contains(&format!("tx.{name}(")) {
                missing.push(format!("{file}: {name}"));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}
