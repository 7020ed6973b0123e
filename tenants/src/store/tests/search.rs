//! What a search finds, by which words, and how it gets there.

use std::time::Duration;

use super::{
    raw::Cell,
    world::{World, page, planted, refs, renewal, slot},
};
use crate::{
    Account, Counted, PageOf, Request, RequestId, RequestStatus, SlotId,
    store::{
        ConnectionSearch, RequestFilter, RequestSearch, WorkflowFilter, WorkflowSearch,
        connection_rows, connections, people, request_rows, requests, statement::AMONG,
        workflow_rows, workflows, workspaces,
    },
};

contract! {
    few_hits_and_many_are_the_same_list,
    what_a_connection_was_called_before_finds_it_no_more,
    nobody_counts_to_the_end,
    a_page_of_hits_is_full_however_many_it_is_read_from,
    each_of_a_long_page_has_what_belongs_to_it,
}

/// The ids of all lists for what was typed, the newest request on a page of its own.
async fn found(world: &World, text: &str, status: Option<RequestStatus>) -> Vec<String> {
    let text = text.to_owned();
    world
        .read(async |tx| {
            let search = RequestSearch {
                status,
                text: text.clone(),
            };
            let mut requests = tx.request_rows(&search, &page(1)).await?;
            let second: PageOf<RequestId> = PageOf {
                after: requests.last().map(|row| row.request.id.clone()),
                limit: 99,
            };
            if second.after.is_some() {
                requests.extend(tx.request_rows(&search, &second).await?);
            }
            let mut ids: Vec<_> = requests
                .iter()
                .map(|row| row.request.id.to_string())
                .collect();
            let search = WorkflowSearch { state: None, text };
            let rows = tx.workflow_rows(&search, &page(99)).await?;
            ids.extend(rows.iter().map(|row| row.workflow.id.to_string()));
            let search = ConnectionSearch {
                status: None,
                text: search.text,
            };
            let rows = tx.connection_rows(&search, &page(99)).await?;
            ids.extend(rows.iter().map(|row| row.connection.id.to_string()));
            let rows = tx.workspace_rows(&search.text, &page(99)).await?;
            ids.extend(rows.iter().map(|row| row.workspace.id.to_string()));
            Ok::<_, crate::StoreError>(ids)
        })
        .await
        .unwrap()
}

async fn few_hits_and_many_are_the_same_list(world: World) {
    let (workflow, _, _) = world.connected("slack").await;
    for _ in 0..2 {
        world.later(Duration::from_millis(1));
        world.queued(refs(&workflow)).await;
    }
    let asked = [
        ("globex", None),
        ("jo", None),
        ("Weekly", None),
        ("slack", None),
        ("umbrella", None),
        ("globex", Some(RequestStatus::Queued)),
        ("@globex", Some(RequestStatus::Completed)),
    ];
    let mut few = Vec::new();
    for (text, status) in asked {
        few.push(found(&world, text, status).await);
    }
    let counts: Vec<_> = few.iter().map(Vec::len).collect();
    assert_eq!(counts, [6, 4, 1, 1, 0, 5, 4]);
    // As if each thing had hundreds of names that begin so.
    for text in ["globex", "jo", "weekly", "slack"] {
        world
            .sql(&format!("insert into search_words (agency_id, kind, word, id) select agency_id, kind, word || ' ' || cast(n as text), id from (with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 301) select n from numbers) many cross join search_words where word like '{text}%'"))
            .await;
    }
    for ((text, status), few) in asked.into_iter().zip(few) {
        assert_eq!(found(&world, text, status).await, few, "{text} {status:?}");
    }
}

async fn what_a_connection_was_called_before_finds_it_no_more(world: World) {
    let request = world.sent().await;
    let item = &request.items[0].id;
    let (_, connection) = world.fulfil(item, None).await.unwrap();
    let finds = async |text: &str| {
        found(&world, text, None)
            .await
            .contains(&connection.to_string())
    };
    assert!(finds("jo@globex").await && !finds("T01").await);
    let account = |label: &str| Account {
        id: "T01".to_owned(),
        label: Some(label.to_owned()),
    };
    let first = account("Müller Söhne");
    world
        .write(async |tx| tx.connection_proven(&connection, Some(&first)).await)
        .await
        .unwrap();
    assert!(finds("t01").await && finds("MÜLLER").await && finds("söhne").await);
    let (access, refresh) = planted("-new");
    world
        .write(async |tx| {
            let new = renewal(item, account("Initech"), (&access, &refresh), tx.now());
            tx.connection_reconnected(&connection, &new).await
        })
        .await
        .unwrap();
    assert!(finds("t01").await && finds("initech").await && finds("slack").await);
    assert!(!finds("müller").await);
}

async fn nobody_counts_to_the_end(world: World) {
    world
        .queued(refs(&world.workflow(vec![slot("slack")]).await))
        .await;
    let counted = async || {
        let counted = world.read(async |tx| tx.request_count(RequestStatus::Queued).await);
        counted.await.unwrap().to_string()
    };
    let more = async |from: i64, to: i64| {
        world
            .sql(&format!("insert into requests (id, agency_id, workspace_id, recipient_email, status, lifetime, resends, created_at) select r.id || cast(n as text), r.agency_id, r.workspace_id, r.recipient_email, r.status, r.lifetime, r.resends, r.created_at from (with recursive numbers (n) as (select cast({from} as bigint) union all select n + 1 from numbers where n < {to}) select n from numbers) many cross join (select * from requests order by id limit 1) r"))
            .await;
    };
    more(1001, 1000 + Counted::MOST - 1).await;
    assert_eq!(counted().await, "1,000");
    more(3000, 3001).await;
    assert_eq!(counted().await, "1,000+");
}

async fn a_page_of_hits_is_full_however_many_it_is_read_from(world: World) {
    let workflow = world.workflow(vec![slot("slack")]).await;
    let mut newest_first = Vec::new();
    for _ in 0..2 * AMONG {
        world.later(Duration::from_millis(1));
        newest_first.insert(0, world.queued(refs(&workflow)).await.id);
    }
    let oldest = &newest_first[2 * AMONG - 2..];
    for id in oldest {
        let cancelled = world.write(async |tx| tx.request_cancel(id, "staff").await);
        cancelled.await.unwrap();
    }
    let found = async |status: Option<RequestStatus>, page: PageOf<RequestId>| {
        let text = "jo@globex".to_owned();
        let search = RequestSearch { status, text };
        let rows = world.read(async |tx| tx.request_rows(&search, &page).await);
        let rows = rows.await.unwrap().into_iter();
        rows.map(|row| row.request.id).collect::<Vec<_>>()
    };
    let more = i64::try_from(AMONG + 1).unwrap();
    assert_eq!(found(None, page(more)).await, newest_first[..=AMONG]);
    let next = PageOf {
        after: Some(newest_first[AMONG].clone()),
        limit: 2,
    };
    assert_eq!(found(None, next).await, newest_first[AMONG + 1..AMONG + 3]);
    let cancelled = Some(RequestStatus::Cancelled);
    assert_eq!(found(cancelled, page(more)).await, oldest);
}

async fn each_of_a_long_page_has_what_belongs_to_it(world: World) {
    let many = AMONG + 2;
    let mut slots = Vec::new();
    for _ in 0..many {
        world.later(Duration::from_millis(1));
        let workflow = world.workflow(vec![slot("slack"), slot("hubspot")]).await;
        world.queued(refs(&workflow)).await;
        slots.push(workflow.slots.into_iter().map(|slot| slot.id));
    }
    let slots: Vec<Vec<SlotId>> = slots.into_iter().rev().map(Iterator::collect).collect();
    let limit = i64::try_from(many).unwrap();
    let filter = WorkflowFilter::default();
    let listed = world.read(async |tx| tx.workflows(&filter, &page(limit)).await);
    let listed = listed.await.unwrap().into_iter();
    let of_workflows = listed.map(|workflow| workflow.slots.into_iter().map(|slot| slot.id));
    assert!(
        of_workflows
            .map(Iterator::collect::<Vec<SlotId>>)
            .eq(slots.clone())
    );
    let filter = RequestFilter::default();
    let listed = world.read(async |tx| tx.requests(&filter, &page(limit)).await);
    let asked = |request: Request| request.items.into_iter().flat_map(|item| item.slots);
    let of_requests = listed.await.unwrap().into_iter().map(asked);
    let of_requests = of_requests.map(|slots| slots.map(|slot| slot.slot_id).collect::<Vec<_>>());
    assert!(of_requests.eq(slots));
}

/// However much an agency has, a page of a list is read along an index.
#[tokio::test]
async fn nothing_is_looked_through_for_a_page() {
    let world = World::sqlite().await;
    // What a statement has made itself.
    let own = ["SCAN few", "SCAN every_hit"];
    let lists = [
        connection_rows::STATEMENTS,
        request_rows::STATEMENTS,
        workflow_rows::STATEMENTS,
        workspaces::STATEMENTS,
    ];
    for statement in lists.concat() {
        for step in plan(&world, statement.sql).await {
            let scans = step.starts_with("SCAN") && !own.contains(&&*step);
            assert!(!scans, "{}: {step}", statement.name);
            let all_slots = step.starts_with("SEARCH s USING") && step.ends_with("(agency_id=?)");
            assert!(!all_slots, "{}: {step}", statement.name);
        }
    }
}

#[tokio::test]
async fn a_list_that_is_asked_for_by_one_thing_is_read_along_its_index() {
    let world = World::sqlite().await;
    let lists = [
        connections::STATEMENTS,
        requests::STATEMENTS,
        workflows::STATEMENTS,
        people::lists::STATEMENTS,
        people::members::STATEMENTS,
    ];
    let mut seen = 0;
    for statement in lists.concat() {
        let along = match statement.name {
            "LIST_IN_STATUS" => "status=? AND id<?",
            "LIST_OF_WORKSPACE" => "workspace_id=? AND id<?",
            "LIST_OF_APP" => "app=? AND id<?",
            "LIST_CALLED" => "external_id=? AND id<?",
            "LIST_OF_ROLE" | "CLIENTS" => "role=? AND id<?",
            "STAFF" => "INDEX members_staff (agency_id=? AND id<?",
            "IN_WORKSPACE" | "INVITED_TO_WORKSPACE" => "workspace_id=? AND id<?",
            "INVITATIONS" => "INDEX invitations_open (agency_id=? AND id<?",
            _ => continue,
        };
        let plan = plan(&world, statement.sql).await;
        assert!(plan[0].contains(along), "{}: {plan:?}", statement.name);
        assert!(
            plan.iter().all(|step| !step.starts_with("SCAN")),
            "{plan:?}"
        );
        seen += 1;
    }
    assert_eq!(seen, 13);
}

/// How SQLite goes about it.
async fn plan(world: &World, sql: &str) -> Vec<String> {
    let numbers = (1..=28).rev();
    let sql = numbers.fold(sql.to_owned(), |sql, number| {
        sql.replace(&format!("${number}"), &format!("'{number}'"))
    });
    let steps = world.sql(&format!("explain query plan {sql}")).await;
    let step = |step: &Vec<Cell>| match &step[3] {
        Cell::Text(step) => step.clone(),
        other => panic!("{other:?}"),
    };
    steps.iter().map(step).collect()
}
