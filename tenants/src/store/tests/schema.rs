//! The two migrated schemas are one schema, and every statement of the store can be prepared on both.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use sqlx::{Connection, Executor, PgConnection, SqlSafeStr, SqliteConnection};

use super::{
    raw::{self, Cell},
    world::World,
};
use crate::{
    Store, SystemClock, SystemEntropy,
    store::{STATEMENTS, migrate},
    testing::{self, TestStore},
};

contract! {
    migrating_again_changes_nothing,
    every_table_belongs_to_an_agency,
}

/// What a type of SQLite is called on Postgres. Nothing else may differ.
const TYPES: [(&str, &str); 3] = [("TEXT", "text"), ("INTEGER", "bigint"), ("BLOB", "bytea")];

#[derive(Debug, Default, PartialEq, Eq)]
struct Table {
    /// Type as Postgres calls it, and whether null is allowed.
    columns: BTreeMap<String, (String, bool)>,
    /// Columns that are unique together; the primary key too.
    unique: BTreeSet<String>,
    indexes: BTreeSet<(String, String)>,
    /// Own columns, the other table, its columns, what its end does.
    foreign: BTreeSet<[String; 4]>,
}

#[tokio::test]
async fn both_databases_have_the_same_schema() {
    let Some(postgres) = TestStore::postgres().await else {
        return println!("left out: LATCHKEY_TEST_POSTGRES is not set");
    };
    let sqlite = TestStore::sqlite().await;
    let (sqlite, postgres) = (
        sqlite_schema(&sqlite.store).await,
        postgres_schema(&postgres.store).await,
    );
    assert!(sqlite.len() > 15);
    let names = |schema: &BTreeMap<String, Table>| schema.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&sqlite), names(&postgres));
    for (name, table) in &sqlite {
        assert_eq!(
            table, &postgres[name],
            "{name}: SQLite left, Postgres right"
        );
    }
}

#[tokio::test]
async fn every_statement_is_prepared_by_sqlite() {
    let test = TestStore::sqlite().await;
    let mut connection = SqliteConnection::connect(&test.url).await.unwrap();
    for statement in STATEMENTS.iter().copied().flatten() {
        let prepared = connection.prepare(statement.sql.into_sql_str()).await;
        prepared.unwrap_or_else(|error| panic!("{}: {error}\n{}", statement.name, statement.sql));
    }
}

#[tokio::test]
async fn every_statement_is_prepared_by_postgres() {
    let Some(test) = TestStore::postgres().await else {
        return println!("left out: LATCHKEY_TEST_POSTGRES is not set");
    };
    let mut connection = PgConnection::connect(&test.url).await.unwrap();
    for statement in STATEMENTS.iter().copied().flatten() {
        let prepared = connection.prepare(statement.sql.into_sql_str()).await;
        prepared.unwrap_or_else(|error| panic!("{}: {error}\n{}", statement.name, statement.sql));
    }
}

/// A file whose statements are not listed would escape the two tests above.
#[test]
fn every_file_lists_its_statements() {
    let listed = STATEMENTS.len();
    let declaring = sources()
        .values()
        .filter(|source| source.contains("\nstatements! {"))
        .count();
    assert_eq!(listed, declaring);
}

/// Statements of the platform's door, which alone look beyond one agency. This list may only shrink.
const PLATFORM: [&str; 60] = [
    // The edge's.
    "update edge_version set version",
    "select version from edge_version",
    "select d.id, d.agency_id, d.host, d.state, d.bound, d.version, c.id",
    "select id, slug, name, support_email, brand_color, status, version from agencies",
    "insert into edges",
    "select * from edges",
    "delete from edges",
    "select host, kind, token, key_authorization from challenges",
    "delete from challenges where host = $1 or",
    "select sealed from acme_accounts",
    "insert into acme_accounts",
    "select tat from acme_budgets",
    "insert into acme_budgets",
    "delete from acme_budgets",
    "select a.id, a.slug from agencies a where not exists",
    "select id, agency_id, kind, state, bindings_seen from domains where host = $1",
    "select 1 as held from domains where host = $1",
    "select 1 as due from domains",
    "select min(next_check_at) as next from domains",
    "select case when c.not_after > $1 then 'valid' else 'expired' end",
    "update domains set lease_owner = $1",
    "select d.*, a.slug as agency_slug",
    "select 1 as due from orders",
    "update orders set lease_owner = $1",
    "select c.id, c.agency_id, c.domain_id, d.host, c.issuer",
    "select * from orders where domain_id = $1",
    "select state, count(*) as count from domains",
    "select purpose, state, count(*) as count from orders",
    "select count(*) as count, min(not_after) as soonest from certificates",
    // Mail's.
    "select * from dkim_keys",
    "insert into dkim_keys",
    "update dkim_keys set rested_at",
    "update dkim_keys set signing_since",
    "update sender_domains set next_check_at = $2",
    "update sender_domains set next_check_at = $3 where host",
    "select agency_id, id from mails where token",
    "select agency_id, id from mails where message_id",
    "select agency_id, request_id, step from reminders where done_at is null",
    "select agency_id, id from domains where kind = 'custom' and state in ('live', 'drifted')",
    // All others.
    "select * from agencies where slug = $1",
    "select * from agencies where slug <> 'preview' order by slug",
    "select a.* from domains d join agencies a on a.id = d.agency_id where d.host = $1 and d.bound = 1",
    "select k.id, k.agency_id, k.scopes, a.status from api_keys k",
    "update jobs set status = 'running'",
    "update jobs set status = 'done'",
    "update jobs set status = 'ready'",
    "update jobs set status = 'dead'",
    "select count(*) as open from jobs",
    "select 1 as due from jobs",
    "select min(due_at) as due_at from (select min(run_at)",
    "delete from jobs",
    "delete from flows",
    "delete from link_sessions",
    "delete from sign_ins where expires_at",
    "delete from sessions where expires_at",
    "delete from ceremonies where expires_at",
    "delete from address_sessions where expires_at",
    "delete from idempotency_keys where expires_at",
    "select agency_id, id from requests where status = 'sent'",
    "select max(version) as version from _sqlx_migrations",
];

#[test]
fn t1_every_other_statement_names_the_agency_first() {
    for statement in STATEMENTS.iter().copied().flatten() {
        let sql = statement.sql;
        let platform = PLATFORM.iter().any(|start| sql.starts_with(start));
        let scoped = ["agency_id = $1", "agencies set", "agencies where id = $1"]
            .iter()
            .any(|scope| sql.contains(scope));
        assert!(
            platform || scoped || inserts_own(sql),
            "{}: {sql}",
            statement.name
        );
    }
}

/// An insert whose value for `agency_id` (for an agency: `id`) is `$1`.
fn inserts_own(sql: &str) -> bool {
    let Some((columns, values)) = sql.split_once(") values (") else {
        return false;
    };
    let (_, columns) = columns.split_once('(').expect("columns");
    let agency = if sql.starts_with("insert into agencies") {
        "id"
    } else {
        "agency_id"
    };
    let at = columns.split(", ").position(|column| column == agency);
    let value = at.and_then(|at| values.split(", ").nth(at));
    value.is_some_and(|value| value.trim_end_matches(')') == "$1")
}

async fn migrating_again_changes_nothing(world: World) {
    world.connected("slack").await;
    let before = world.rows().await;
    let applied = applied(&world).await;
    for _ in 0..2 {
        world.store.migrate().await.unwrap();
        assert!(world.store.is_migrated().await.unwrap());
    }
    assert_eq!(world.rows().await, before);
    assert_eq!(self::applied(&world).await, applied);
}

async fn applied(world: &World) -> i64 {
    world.count("_sqlx_migrations").await
}

/// Tables of the whole installation. No agency's transaction sees a row of them, but for the one count that all share.
pub const OF_INSTALLATION: [&str; 5] = [
    "acme_accounts",
    "acme_budgets",
    "dkim_keys",
    "edge_version",
    "edges",
];

async fn every_table_belongs_to_an_agency(world: World) {
    for table in raw::tables(&world.store).await {
        let column = match table.as_str() {
            "agencies" => "id",
            table if OF_INSTALLATION.contains(&table) => continue,
            _ => "agency_id",
        };
        world
            .sql(&format!("select {column} from {table} where {column} = ''"))
            .await;
    }
}

#[tokio::test]
async fn two_processes_migrate_a_new_sqlite_file_at_once() {
    for _ in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/new.db", folder.path().display());
        let (one, two) = tokio::join!(open(&url), open(&url));
        let (a, b) = tokio::join!(one.migrate(), two.migrate());
        a.unwrap();
        b.unwrap();
        assert!(sqlite_schema(&one).await.len() > 15);
    }
}

#[tokio::test]
async fn two_processes_migrate_a_new_postgres_database_at_once() {
    let Some(test) = TestStore::postgres().await else {
        return println!("left out: LATCHKEY_TEST_POSTGRES is not set");
    };
    let mut connection = PgConnection::connect(&test.url).await.unwrap();
    let fresh = "drop schema public cascade; create schema public";
    connection.execute(fresh).await.unwrap();
    let (one, two) = tokio::join!(open(&test.url), open(&test.url));
    let (a, b) = tokio::join!(one.migrate(), two.migrate());
    a.unwrap();
    b.unwrap();
    assert!(postgres_schema(&one).await.len() > 15);
}

/// Same numbers, same names, and each file is one that the migrator knows.
#[test]
fn both_databases_have_the_same_migrations() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
    let files = |folder: &str| -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(root.join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let known = |migrator: sqlx::migrate::Migrator| -> Vec<String> {
        let file = |m: &sqlx::migrate::Migration| format!("{:04}_{}.sql", m.version, m.description);
        migrator.iter().map(file).collect()
    };
    assert_eq!(files("sqlite"), files("postgres"));
    assert_eq!(known(migrate::sqlite()), files("sqlite"));
    assert_eq!(known(migrate::postgres()), files("postgres"));
}

/// The source files of the store by name, without its tests.
pub fn sources() -> BTreeMap<String, String> {
    let store = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let mut sources = BTreeMap::new();
    for folder in [store.clone(), store.join("edge"), store.join("people")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
                let name = path.strip_prefix(&store).unwrap().to_str().unwrap();
                sources.insert(name.to_owned(), std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    sources
}

pub async fn open(url: &str) -> Store {
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy::new()));
    Store::connect(url, testing::vault(), clock, entropy)
        .await
        .unwrap()
}

async fn sqlite_schema(store: &Store) -> BTreeMap<String, Table> {
    let mut schema = BTreeMap::new();
    for name in raw::tables(store).await {
        let mut table = Table::default();
        let list = format!(
            "select name, type, \"notnull\" or pk > 0 from pragma_table_info('{name}') order by cid"
        );
        for row in raw::sql(store, &list).await {
            let kind = TYPES.iter().find(|(sqlite, _)| *sqlite == text(&row[1]));
            let kind = kind.expect("a type of the list").1.to_owned();
            table
                .columns
                .insert(text(&row[0]), (kind, row[2] == Cell::Int(0)));
        }
        let list = format!(
            "select l.name, l.\"unique\", (select group_concat(name, ', ') from (select name from pragma_index_info(l.name) order by seqno)), l.partial from pragma_index_list('{name}') l"
        );
        for row in raw::sql(store, &list).await {
            if row[1] == Cell::Int(1) {
                table.unique.insert(uniqueness(&row));
            } else {
                table.indexes.insert((text(&row[0]), text(&row[2])));
            }
        }
        let list = format!(
            "select group_concat(\"from\", ', '), \"table\", group_concat(\"to\", ', '), lower(on_delete) from (select * from pragma_foreign_key_list('{name}') order by id, seq) group by id"
        );
        for row in raw::sql(store, &list).await {
            table.foreign.insert([0, 1, 2, 3].map(|at| text(&row[at])));
        }
        schema.insert(name, table);
    }
    schema
}

async fn postgres_schema(store: &Store) -> BTreeMap<String, Table> {
    let mut schema = BTreeMap::new();
    for name in raw::tables(store).await {
        let mut table = Table::default();
        let list = format!(
            "select column_name::text, data_type::text, (is_nullable = 'YES')::int::bigint from information_schema.columns where table_schema = 'public' and table_name = '{name}'"
        );
        for row in raw::sql(store, &list).await {
            table
                .columns
                .insert(text(&row[0]), (text(&row[1]), row[2] == Cell::Int(1)));
        }
        let list = format!(
            "select c.relname::text, i.indisunique::int::bigint, (select string_agg(a.attname, ', ' order by k.n) from unnest(i.indkey) with ordinality k(attnum, n) join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum), (i.indpred is not null)::int::bigint from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = '{name}'::regclass"
        );
        for row in raw::sql(store, &list).await {
            if row[1] == Cell::Int(1) {
                table.unique.insert(uniqueness(&row));
            } else {
                table.indexes.insert((text(&row[0]), text(&row[2])));
            }
        }
        let columns = |keys: &str, of: &str| {
            format!(
                "(select string_agg(a.attname, ', ' order by k.n) from unnest(c.{keys}) with ordinality k(attnum, n) join pg_attribute a on a.attrelid = c.{of} and a.attnum = k.attnum)"
            )
        };
        let list = format!(
            "select {}, c.confrelid::regclass::text, {}, case c.confdeltype when 'c' then 'cascade' when 'a' then 'no action' else c.confdeltype::text end from pg_constraint c where c.contype = 'f' and c.conrelid = '{name}'::regclass",
            columns("conkey", "conrelid"),
            columns("confkey", "confrelid"),
        );
        for row in raw::sql(store, &list).await {
            table.foreign.insert([0, 1, 2, 3].map(|at| text(&row[at])));
        }
        schema.insert(name, table);
    }
    schema
}

/// The columns; a partial index also by name, as only some of its rows are held apart.
fn uniqueness(row: &[Cell]) -> String {
    match row[3] {
        Cell::Int(0) => text(&row[2]),
        _ => format!("{} by {}", text(&row[2]), text(&row[0])),
    }
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        other => panic!("{other:?} is no text"),
    }
}
