//! The contract of the store: every case runs on SQLite and on Postgres.
//!
//! Postgres runs where `LATCHKEY_TEST_POSTGRES` names a server whose role may create databases and is no superuser;
//! elsewhere its cases say that they were left out.

/// Makes a test of each case for each database.
macro_rules! contract {
    ($($case:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $case() {
                super::$case($crate::store::tests::world::World::sqlite().await).await;
            })*
        }

        mod postgres {
            $(#[tokio::test]
            async fn $case() {
                match $crate::store::tests::world::World::postgres().await {
                    Some(world) => super::$case(world).await,
                    None => println!("left out: LATCHKEY_TEST_POSTGRES is not set"),
                }
            })*
        }
    };
}

mod agencies;
mod apps;
mod attention;
mod connections;
mod console_lists;
mod domains;
mod edge_accounts;
mod edge_checks;
mod edge_failures;
mod edge_orders;
mod edge_races;
mod edge_renewals;
mod edge_snapshot;
mod edge_takeovers;
mod ending;
mod estate;
mod events;
mod first_steps;
mod flows;
mod foreign;
mod foreign_clients;
mod foreign_edge;
mod foreign_mail;
mod foreign_people;
mod foreign_setup;
mod foreign_themes;
mod foreign_work;
mod fulfilment;
mod gates;
mod hops;
mod hosts;
mod idempotency;
mod jobs;
mod links;
mod mail_rooms;
mod mails;
mod migrations;
mod model;
mod people;
mod people_estate;
mod people_factors;
mod people_sessions;
mod portal;
mod races;
mod raw;
mod requests;
mod schema;
mod search;
mod sending;
mod theme_publishing;
mod themes;
mod transactions;
mod vault;
mod walls;
mod work;
mod workflow_changes;
mod workspace_closing;
mod workspace_suspension;
mod world;
