//! Databases that were there before a migration.

use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection, migrate::Migrator,
};

use super::{raw, schema::open};
use crate::{
    Store,
    store::{migrate, search_words::Kind},
    testing::TestStore,
};

/// The agencies of an installation that ran before there were edges.
const OLD_AGENCIES: &str = "insert into agencies (id, slug, name, brand_color, locale, time_zone, status, event_seq, event_hash, created_at) values ('agy_01j9zzzzzzzzzzzzzzzzzzzzza', 'one', 'One', '#000000', 'en', 'UTC', 'active', 0, HASH, 0), ('agy_01j9zzzzzzzzzzzzzzzzzzzzzb', 'two', 'Two', '#000000', 'en', 'UTC', 'active', 0, HASH, 0)";

/// What an agency has that ran before searches went by words.
const OLD_LISTS: &str = "insert into workspaces (id, agency_id, slug, name, created_at) values ('wsp_01j9zzzzzzzzzzzzzzzzzzzzza', 'agy_01j9zzzzzzzzzzzzzzzzzzzzza', 'globex', 'Globex & Söhne', 0); insert into workflows (id, agency_id, workspace_id, name, external_id, resume, gate_state, gate_since, created_at) values ('wfl_01j9zzzzzzzzzzzzzzzzzzzzza', 'agy_01j9zzzzzzzzzzzzzzzzzzzzza', 'wsp_01j9zzzzzzzzzzzzzzzzzzzzza', 'Weekly Report', null, 'auto', 'open', 0, 0); insert into requests (id, agency_id, workspace_id, recipient_email, recipient_name, status, lifetime, resends, created_at) values ('req_01j9zzzzzzzzzzzzzzzzzzzzza', 'agy_01j9zzzzzzzzzzzzzzzzzzzzza', 'wsp_01j9zzzzzzzzzzzzzzzzzzzzza', 'Jo_7@globex.example', 'Jo (the boss)', 'sent', 1, 0, 0); insert into connections (id, agency_id, workspace_id, app, status, account_id, scopes_requested, scopes_granted, host_vars, authorized_email, created_at, updated_at) values ('con_01j9zzzzzzzzzzzzzzzzzzzzza', 'agy_01j9zzzzzzzzzzzzzzzzzzzzza', 'wsp_01j9zzzzzzzzzzzzzzzzzzzzza', 'google-drive', 'active', 'T01', '[]', '[]', '{}', 'jo@globex.example', 0, 0)";

fn the_first(migrator: &Migrator, count: usize) -> Migrator {
    Migrator::with_migrations(migrator.iter().take(count).cloned().collect())
}

#[tokio::test]
async fn edges_are_told_of_agencies_that_were_there_before_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/old.db", folder.path().display());
    let store = open(&url).await;
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let first = the_first(&migrate::sqlite(), 1);
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
    let first = the_first(&migrate::postgres(), 1);
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

#[tokio::test]
async fn what_was_there_before_is_found_by_its_words_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/old.db", folder.path().display());
    let store = open(&url).await;
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let before = the_first(&migrate::sqlite(), 14);
    before.run(&mut connection).await.unwrap();
    let old = format!("{}; {OLD_LISTS}", OLD_AGENCIES.replace("HASH", "x''"));
    sqlx::raw_sql(AssertSqlSafe(old))
        .execute(&mut connection)
        .await
        .unwrap();
    assert_old_lists_are_found(&store).await;
}

#[tokio::test]
async fn what_was_there_before_is_found_by_its_words_in_postgres() {
    let Some(test) = TestStore::postgres().await else {
        return println!("left out: LATCHKEY_TEST_POSTGRES is not set");
    };
    let mut connection = PgConnection::connect(&test.url).await.unwrap();
    let fresh = "drop schema public cascade; create schema public";
    connection.execute(fresh).await.unwrap();
    let before = the_first(&migrate::postgres(), 14);
    before.run(&mut connection).await.unwrap();
    let door = "select set_config('latchkey.agency', '*', false)";
    let old = format!(
        "{door}; {}; {OLD_LISTS}",
        OLD_AGENCIES.replace("HASH", "''")
    );
    sqlx::raw_sql(AssertSqlSafe(old))
        .execute(&mut connection)
        .await
        .unwrap();
    assert_old_lists_are_found(&open(&test.url).await).await;
}

/// The migration left the words that the store would have kept.
async fn assert_old_lists_are_found(store: &Store) {
    store.migrate().await.unwrap();
    let words = "select id, kind, word from search_words order by id, word";
    let migrated = raw::sql(store, words).await;
    let agency = "agy_01j9zzzzzzzzzzzzzzzzzzzzza".parse().unwrap();
    let mut tx = store.begin(&agency).await.unwrap();
    for (kind, id, texts) in [
        (
            Kind::Workspace,
            "wsp",
            ["Globex & Söhne", "globex"].as_slice(),
        ),
        (Kind::Workflow, "wfl", &["Weekly Report"]),
        (
            Kind::Request,
            "req",
            &["Jo_7@globex.example", "Jo (the boss)"],
        ),
        (
            Kind::Connection,
            "con",
            &["google-drive", "T01", "jo@globex.example"],
        ),
    ] {
        let id = format!("{id}_01j9zzzzzzzzzzzzzzzzzzzzza");
        let texts: Vec<_> = texts.iter().copied().map(Some).collect();
        tx.search_words_put(kind, &id, &texts).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(migrated, raw::sql(store, words).await);
    assert_eq!(migrated.len(), 18);
}
