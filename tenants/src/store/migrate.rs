//! The migrations of both databases, embedded: same numbers, same names, forward only.

use sqlx::{
    SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

macro_rules! migrations {
    ($folder:literal) => {
        Migrator::with_migrations(vec![migration(
            1,
            "init",
            include_str!(concat!("../../../migrations/", $folder, "/0001_init.sql")),
        )])
    };
}

pub(super) fn sqlite() -> Migrator {
    migrations!("sqlite")
}

pub(super) fn postgres() -> Migrator {
    migrations!("postgres")
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
