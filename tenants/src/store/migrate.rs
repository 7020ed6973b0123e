//! The migrations of both databases, embedded: same numbers, same names, forward only.

use sqlx::{
    SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

use super::{Store, StoreError, statement::statements};

statements! {
    VERSION = "select max(version) as version from _sqlx_migrations where success";
}

impl Store {
    /// Whether the schema is that of this version, or newer.
    ///
    /// # Errors
    /// When the database does not answer, or was never migrated.
    pub async fn is_migrated(&self) -> Result<bool, StoreError> {
        let mut tx = self.read_platform().await?;
        let row = tx.inner.optional(VERSION, &[]).await?;
        let version = row.map_or(Ok(None), |row| row.optional_int("version"))?;
        Ok(version >= newest())
    }
}

macro_rules! migrations {
    ($folder:literal) => {
        Migrator::with_migrations(vec![
            migration(
                1,
                "init",
                include_str!(concat!("../../../migrations/", $folder, "/0001_init.sql")),
            ),
            migration(
                2,
                "edge",
                include_str!(concat!("../../../migrations/", $folder, "/0002_edge.sql")),
            ),
            migration(
                3,
                "hop",
                include_str!(concat!("../../../migrations/", $folder, "/0003_hop.sql")),
            ),
            migration(
                4,
                "themes",
                include_str!(concat!("../../../migrations/", $folder, "/0004_themes.sql")),
            ),
            migration(
                5,
                "mail",
                include_str!(concat!("../../../migrations/", $folder, "/0005_mail.sql")),
            ),
            migration(
                6,
                "language",
                include_str!(concat!(
                    "../../../migrations/",
                    $folder,
                    "/0006_language.sql"
                )),
            ),
            migration(
                7,
                "people",
                include_str!(concat!("../../../migrations/", $folder, "/0007_people.sql")),
            ),
            migration(
                8,
                "portal",
                include_str!(concat!("../../../migrations/", $folder, "/0008_portal.sql")),
            ),
            migration(
                9,
                "clients",
                include_str!(concat!(
                    "../../../migrations/",
                    $folder,
                    "/0009_clients.sql"
                )),
            ),
            migration(
                10,
                "lists",
                include_str!(concat!("../../../migrations/", $folder, "/0010_lists.sql")),
            ),
            migration(
                11,
                "setup",
                include_str!(concat!("../../../migrations/", $folder, "/0011_setup.sql")),
            ),
            migration(
                12,
                "told",
                include_str!(concat!("../../../migrations/", $folder, "/0012_told.sql")),
            ),
            migration(
                13,
                "one_index",
                include_str!(concat!(
                    "../../../migrations/",
                    $folder,
                    "/0013_one_index.sql"
                )),
            ),
            migration(
                14,
                "large_agencies",
                include_str!(concat!(
                    "../../../migrations/",
                    $folder,
                    "/0014_large_agencies.sql"
                )),
            ),
            migration(
                15,
                "search",
                include_str!(concat!("../../../migrations/", $folder, "/0015_search.sql")),
            ),
            migration(
                16,
                "filters",
                include_str!(concat!(
                    "../../../migrations/",
                    $folder,
                    "/0016_filters.sql"
                )),
            ),
            migration(
                17,
                "suspension",
                include_str!(concat!(
                    "../../../migrations/",
                    $folder,
                    "/0017_suspension.sql"
                )),
            ),
            migration(
                18,
                "refused",
                include_str!(concat!(
                    "../../../migrations/",
                    $folder,
                    "/0018_refused.sql"
                )),
            ),
            migration(
                19,
                "used_by",
                include_str!(concat!(
                    "../../../migrations/",
                    $folder,
                    "/0019_used_by.sql"
                )),
            ),
        ])
    };
}

pub(super) fn sqlite() -> Migrator {
    migrations!("sqlite")
}

pub(super) fn postgres() -> Migrator {
    migrations!("postgres")
}

/// The version that the schema of this program has; both databases have the same numbers.
fn newest() -> Option<i64> {
    sqlite().iter().map(|migration| migration.version).max()
}

fn migration(version: i64, name: &'static str, sql: &'static str) -> Migration {
    Migration::new(
        version,
        name.into(),
        MigrationType::Simple,
        sql.into_sql_str(),
        false,
    )
}

/// Changes with every migration.
#[cfg(any(test, feature = "testing"))]
pub(crate) fn postgres_schema_version() -> String {
    let checksums: Vec<u8> = postgres()
        .iter()
        .flat_map(|migration| migration.checksum.to_vec())
        .collect();
    let hash = ring::digest::digest(&ring::digest::SHA256, &checksums);
    hash.as_ref()[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
