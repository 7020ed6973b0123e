//! The second wall: Postgres itself shows a transaction only the rows of its agency, whatever the statement says.

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::{
    estate::Estate,
    raw::{self, Cell},
    schema::OF_INSTALLATION,
    world::World,
};
use crate::testing;

/// Our agency has rows in every table, and theirs has the same.
async fn walled() -> Option<World> {
    let world = World::postgres().await;
    if world.is_none() {
        println!("left out: LATCHKEY_TEST_POSTGRES is not set");
    }
    let world = world?;
    Estate::build(&world).await;
    Some(world)
}

/// Superusers pass by every policy, so a run with one would prove nothing.
#[tokio::test]
async fn the_role_of_the_tests_is_held_by_policies() {
    let Some(server) = testing::postgres_server() else {
        return println!("left out: LATCHKEY_TEST_POSTGRES is not set");
    };
    let mut connection = PgConnection::connect(&server).await.unwrap();
    let passes: bool = sqlx::query_scalar(
        "select rolsuper or rolbypassrls from pg_roles where rolname = current_user",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert!(!passes);
}

#[tokio::test]
async fn a_select_without_a_condition_shows_only_own_rows() {
    let Some(world) = walled().await else { return };
    let everything = world.rows().await;
    let mut tx = world.store.begin(&world.theirs.id).await.unwrap();
    for (table, all) in everything {
        if OF_INSTALLATION.contains(&table.as_str()) {
            let shown = raw::run(&mut tx.inner.conn, &format!("select * from {table}")).await;
            assert!(!all.is_empty(), "{table} has nothing to hide");
            let hidden = table != "edge_version";
            assert_eq!(shown.unwrap().is_empty(), hidden, "{table}");
            continue;
        }
        let ours = all.iter().filter(|row| is_of(row, &world.ours)).count();
        assert!(ours > 0, "{table} has nothing to hide");
        let shown = raw::run(&mut tx.inner.conn, &format!("select * from {table}"))
            .await
            .unwrap();
        assert!(shown.iter().all(|row| is_of(row, &world.theirs)), "{table}");
        let theirs = all.len() - ours;
        assert_eq!(shown.len(), theirs, "{table}");
    }
}

#[tokio::test]
async fn an_update_or_delete_without_a_condition_reaches_only_own_rows() {
    let Some(world) = walled().await else { return };
    let before = world.rows().await;
    let mut tx = world.store.begin(&world.theirs.id).await.unwrap();
    let installation = ["acme_accounts", "acme_budgets", "dkim_keys", "edges"];
    for table in ["requests", "slots", "agencies"]
        .iter()
        .chain(&installation)
    {
        raw::run(&mut tx.inner.conn, &format!("delete from {table}"))
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let mut tx = world.store.begin(&world.theirs.id).await.unwrap();
    let update = "update connections set app = 'stolen' returning id";
    let changed = raw::run(&mut tx.inner.conn, update).await.unwrap();
    assert!(changed.is_empty());
    tx.commit().await.unwrap();
    for (table, rows) in world.rows().await {
        let installation = OF_INSTALLATION.contains(&table.as_str());
        let kept: Vec<_> = before[&table]
            .iter()
            .filter(|row| installation || is_of(row, &world.ours))
            .cloned()
            .collect();
        assert_eq!(rows, kept, "{table}");
    }
}

#[tokio::test]
async fn no_row_can_be_written_for_another_agency() {
    let Some(world) = walled().await else { return };
    for sql in [
        "insert into workspaces select 'wsp_stolen', $, 'stolen', name, created_at from workspaces limit 1",
        "update workspaces set agency_id = $",
    ] {
        let mut tx = world.store.begin(&world.theirs.id).await.unwrap();
        let sql = sql.replace('$', &format!("'{}'", world.ours.id));
        let error = raw::run(&mut tx.inner.conn, &sql).await.unwrap_err();
        assert!(error.to_string().contains("row-level security"), "{error}");
    }
}

#[tokio::test]
async fn a_connection_without_an_agency_sees_nothing() {
    let Some(world) = walled().await else { return };
    // One that just served an agency, as it lies in the pool.
    let crate::store::Backend::Postgres(pool) = &world.store.backend else {
        unreachable!("the world is on Postgres")
    };
    let mut used = pool.acquire().await.unwrap();
    let mut fresh = PgConnection::connect(&world.url).await.unwrap();
    for connection in [&mut *used, &mut fresh] {
        for table in world.rows().await.keys() {
            let sql = AssertSqlSafe(format!("select count(*) from {table}"));
            let count: i64 = sqlx::query_scalar(sql)
                .fetch_one(&mut *connection)
                .await
                .unwrap();
            assert_eq!(count, 0, "{table}");
        }
    }
}

#[tokio::test]
async fn every_table_forces_its_policy() {
    let Some(world) = walled().await else { return };
    let open = "select relname::text from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and relname not like '\\_sqlx%' and not (relrowsecurity and relforcerowsecurity)";
    assert_eq!(world.sql(open).await, Vec::<Vec<Cell>>::new());
}

fn is_of(row: &[Cell], agency: &crate::Agency) -> bool {
    row.iter()
        .any(|cell| matches!(cell, Cell::Text(text) if text == agency.id.as_str()))
}
