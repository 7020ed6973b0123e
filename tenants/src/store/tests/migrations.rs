//! Databases that were there before a migration.

use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection, migrate::Migrator,
};

use super::schema::open;
use crate::{Store, store::migrate, testing::TestStore};

/// The agencies of an installation that ran before there were edges.
const OLD_AGENCIES: &str = "insert into agencies (id, slug, name, brand_color, locale, time_zone, status, event_seq, event_hash, created_at) values ('agy_01j9zzzzzzzzzzzzzzzzzzzzza', 'one', 'One', '#000000', 'en', 'UTC', 'active', 0, HASH, 0), ('agy_01j9zzzzzzzzzzzzzzzzzzzzzb', 'two', 'Two', '#000000', 'en', 'UTC', 'active', 0, HASH, 0)";

fn only_the_first(migrator: &Migrator) -> Migrator {
    Migrator::with_migrations(migrator.iter().take(1).cloned().collect())
}

#[tokio::test]
async fn edges_are_told_of_agencies_that_were_there_before_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/old.db", folder.path().display());
    let store = open(&url).await;
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let first = only_the_first(&migrate::sqlite());
    first.run(&mut connection).await.unwrap();
    let agencies = OLD_AGENCIES.replace("HASH", "x''");
    connection.execute(AssertSqlSafe(agencies)).await.unwrap();
    assert_old_agencies_are_told(&store).await;
}

#[tokio::test]
async fn edges_are_told_of_agencies_that_were_there_before_in_postgres() {
    let Some(test) = TestStore::postgres().await else {
        return println!("left out: LATCHKEY_TEST_POSTGRES is not set");
    };
    let mut connection = PgConnection::connect(&test.url).await.unwrap();
    let fresh = "drop schema public cascade; create schema public";
    connection.execute(fresh).await.unwrap();
    let first = only_the_first(&migrate::postgres());
    first.run(&mut connection).await.unwrap();
    let door = "select set_config('latchkey.agency', '*', false)";
    connection.execute(door).await.unwrap();
    let agencies = OLD_AGENCIES.replace("HASH", "''");
    connection.execute(AssertSqlSafe(agencies)).await.unwrap();
    assert_old_agencies_are_told(&open(&test.url).await).await;
}

async fn assert_old_agencies_are_told(store: &Store) {
    store.migrate().await.unwrap();
    let mut tx = store.read_platform().await.unwrap();
    let changes = tx.edge_changes(0, 9).await.unwrap();
    let told = changes.agencies.iter();
    let told: Vec<_> = told
        .map(|agency| (agency.slug.as_str(), agency.version))
        .collect();
    assert_eq!(told, [("one", 1), ("two", 2)]);
    assert_eq!((changes.up_to, changes.more), (2, false));
}
