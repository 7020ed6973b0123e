//! K6: what is left of a workspace when it is deleted, which is nothing but lines of the log.

use super::{
    estate::Estate,
    foreign::ours,
    people_estate::{CLIENT, invite, joined},
    raw::Cell,
    world::{World, not_found, page, refs, refusal, refused_field, slot},
};
use crate::{
    ActionError, DeliveryNews, MailId, MailStatus, ReceiptOutcome, Role, StoreError, WorkspaceId,
    store::{CLOSE_WORKSPACE, Deletion},
};

contract! {
    k6_nothing_that_names_or_lets_in_anybody_is_left_of_a_deleted_workspace,
    k6_another_workspace_and_another_agency_keep_everything,
    k6_a_copy_of_a_sealed_secret_opens_no_more,
    a_closing_workspace_takes_nothing_more,
    a_workspace_is_deleted_only_when_asked_and_when_all_in_it_is_ended,
    closing_twice_is_closing_once,
}

async fn close(world: &World, id: &WorkspaceId) {
    world
        .write(async |tx| tx.workspace_close(id, "staff").await)
        .await
        .unwrap();
}

async fn delete(world: &World, id: &WorkspaceId) -> Result<Deletion, ActionError> {
    world
        .write(async |tx| tx.workspace_delete(id, "staff").await)
        .await
}

/// As the job does it, with a provider that confirms.
async fn end_all(world: &World, id: &WorkspaceId) {
    world
        .write(async |tx| {
            while tx.workspace_requests_end(id, 2, "staff").await? > 0 {}
            for connection in tx.workspace_connections_living(id, 99).await? {
                tx.connection_revoked(&connection, "staff").await?;
                tx.connection_receipt(&connection, ReceiptOutcome::Revoked)
                    .await?;
            }
            Ok::<_, ActionError>(())
        })
        .await
        .unwrap();
}

async fn k6_nothing_that_names_or_lets_in_anybody_is_left_of_a_deleted_workspace(world: World) {
    let our = Estate::build(&world).await;
    invite(&world, "kim@globex.example", Role::Client)
        .await
        .unwrap();
    bounce_and_decline(&world).await;
    let id = &world.workspace.id;
    close(&world, id).await;
    end_all(&world, id).await;
    assert_eq!(delete(&world, id).await.unwrap(), Deletion::Done);
    let people = [
        "jo@globex.example",
        "kim@globex.example",
        "t01@globex.example",
        "for your monday report",
        "ask my colleague",
    ];
    let ids = [id.as_str(), our.id().as_str(), our.connection.as_str()];
    for (table, rows) in world.rows().await {
        for cell in rows.iter().flatten() {
            let Cell::Text(text) = cell else { continue };
            let text = text.to_lowercase();
            assert!(
                people.iter().all(|person| !text.contains(person)),
                "{table}: {text}"
            );
            let lines = ["events", "jobs"].contains(&table.as_str());
            assert!(
                lines || ids.iter().all(|id| !text.contains(id)),
                "{table}: {text}"
            );
        }
    }
    assert_eq!(
        world
            .count(&format!("data_keys where scope = '{id}'"))
            .await,
        0
    );
    assert_eq!(world.count("credentials").await, 0);
    assert_eq!(world.events_of("workspace.closing").await, 1);
    assert_eq!(world.events_of("workspace.deleted").await, 1);
    let broken = world.read(async |tx| tx.first_broken_event().await).await;
    assert_eq!(broken.unwrap(), None);
    let told = world
        .sql("select data from events where type = 'workspace.deleted'")
        .await;
    assert_eq!(format!("{told:?}"), "[[{\"connections\":{\"revoked\":1}}]]");
    // The job may run again.
    assert_eq!(delete(&world, id).await.unwrap(), Deletion::Done);
    assert_eq!(world.events_of("workspace.deleted").await, 1);
}

/// What people and servers say ends up in more than one table.
async fn bounce_and_decline(world: &World) {
    let request = world.sent().await;
    let mails = world
        .read(async |tx| tx.mails_of(&request.id).await)
        .await
        .unwrap();
    let loose =
        "select id from mails where request_id is null and recipient = 'kim@globex.example'";
    let Cell::Text(loose) = &world.sql(loose).await[0][0] else {
        panic!("the invitation's mail")
    };
    let loose: MailId = loose.parse().unwrap();
    let news = DeliveryNews::Bounced {
        detail: "5.1.1 550 5.1.1 <kim@globex.example> is unknown, as is <jo@globex.example>"
            .to_owned(),
    };
    let reason = "Ask my colleague".parse().unwrap();
    world
        .write(async |tx| {
            for id in [&mails[0].id, &loose] {
                let mail = tx.mail(id).await?.unwrap();
                tx.mail_done(&mail, MailStatus::Sent, None).await?;
                assert!(tx.mail_news(id, &news).await?);
            }
            tx.item_decline(&request.items[0].id, Some(&reason), "client")
                .await?;
            let jo = "jo@globex.example".parse().unwrap();
            tx.address_ask(&jo, "host").await.map_err(ActionError::from)
        })
        .await
        .unwrap();
}

async fn k6_another_workspace_and_another_agency_keep_everything(mut world: World) {
    Estate::build(&world).await;
    let kept = kept(&world).await;
    let doomed = world
        .write(async |tx| {
            let (name, slug) = ("Initech".parse().unwrap(), "initech".parse().unwrap());
            tx.workspace_create(name, slug, "staff").await
        })
        .await
        .unwrap();
    world.workspace = doomed.clone();
    // The person of the other workspace is asked here, too; and there is one who is nowhere else.
    world.sent().await;
    joined(&world, "ann@initech.example", Role::Client).await;
    close(&world, &doomed.id).await;
    end_all(&world, &doomed.id).await;
    assert_eq!(delete(&world, &doomed.id).await.unwrap(), Deletion::Done);
    assert_eq!(self::kept(&world).await, kept);
    let everything = format!("{:?}", world.rows().await);
    assert!(!everything.contains("ann@initech.example"));
    assert!(everything.contains(CLIENT));
    let theirs = world.read_foreign(async |tx| tx.workspaces(&page(9)).await);
    assert_eq!(theirs.await.unwrap().len(), 1);
}

/// What deleting something else must not touch.
async fn kept(world: &World) -> Vec<(String, Vec<Cell>)> {
    const ALL: [&str; 8] = [
        "workspaces",
        "workflows",
        "requests",
        "connections",
        "members",
        "suppressions",
        "mails",
        "data_keys",
    ];
    let rows = ours(world).await;
    rows.into_iter()
        .filter(|(table, _)| ALL.contains(&table.as_str()))
        .collect()
}

async fn k6_a_copy_of_a_sealed_secret_opens_no_more(world: World) {
    let (_, _, id) = world.connected("slack").await;
    let workspace = &world.workspace.id;
    // The key was used, and may be at hand in this process.
    let before = world
        .read(async |tx| tx.connection_with_credential(&id).await)
        .await;
    assert!(before.unwrap().unwrap().1.is_some());
    let copy = world
        .sql("select access_token from credentials")
        .await
        .swap_remove(0);
    close(&world, workspace).await;
    end_all(&world, workspace).await;
    delete(&world, workspace).await.unwrap();
    let Cell::Bytes(copy) = &copy[0] else {
        panic!("sealed")
    };
    let cell = crate::store::data_keys::Cell {
        scope: workspace.as_str(),
        row: id.as_str(),
        field: "access_token",
    };
    let opened = world.read(async |tx| tx.open(cell, copy).await).await;
    assert!(matches!(opened, Err(StoreError::Vault(_))));
}

async fn a_closing_workspace_takes_nothing_more(world: World) {
    let workflow = world.workflow(vec![slot("slack")]).await;
    close(&world, &world.workspace.id).await;
    let new = world.new_request(refs(&workflow));
    let asked = world
        .write(async |tx| tx.request_create(new, "staff").await)
        .await;
    assert_eq!(refused_field(asked), "/workspace_id");
    let invited = invite(&world, "late@globex.example", Role::Client).await;
    assert_eq!(refused_field(invited), "/workspace_id");
    let row = world
        .read(async |tx| tx.workspace_row(&world.workspace.id).await)
        .await;
    assert!(row.unwrap().unwrap().workspace.closing_at.is_some());
}

async fn a_workspace_is_deleted_only_when_asked_and_when_all_in_it_is_ended(world: World) {
    let (_, request, connection) = world.connected("slack").await;
    let open = world.sent().await;
    let id = &world.workspace.id;
    assert_eq!(refusal(delete(&world, id).await), "not_closing");
    close(&world, id).await;
    assert_eq!(delete(&world, id).await.unwrap(), Deletion::NotYet);
    let ended = world
        .write(async |tx| tx.workspace_requests_end(id, 9, "staff").await)
        .await;
    assert_eq!(ended.unwrap(), 1, "one was completed before");
    let mails = world.count("mails where kind = 'cancelled'").await;
    assert_eq!(mails, 0, "nobody is told twice that all is over");
    assert!(!world.link_lives(&world.mailed_link(&open).await).await);
    let living = world
        .read(async |tx| tx.workspace_connections_living(id, 9).await)
        .await;
    assert_eq!(living.unwrap(), [connection]);
    assert_eq!(delete(&world, id).await.unwrap(), Deletion::NotYet);
    // Who comes back from the provider now is too late.
    let late = world.fulfil(&open.items[0].id, Some("T02")).await;
    assert_eq!(refusal(late), "request_ended");
    world.request_now(&request).await;
    end_all(&world, id).await;
    assert_eq!(delete(&world, id).await.unwrap(), Deletion::Done);
}

async fn closing_twice_is_closing_once(world: World) {
    let id = &world.workspace.id;
    close(&world, id).await;
    world.later(std::time::Duration::from_secs(1));
    close(&world, id).await;
    assert_eq!(world.events_of("workspace.closing").await, 1);
    let jobs = format!("jobs where kind = '{CLOSE_WORKSPACE}'");
    assert_eq!(world.count(&jobs).await, 2, "the second finds less to do");
    let unknown = "wsp_01kc76xp00hezapqm44qap4thw".parse().unwrap();
    let closed = world
        .write(async |tx| tx.workspace_close(&unknown, "staff").await)
        .await;
    assert_eq!(not_found(closed), "workspace");
}
