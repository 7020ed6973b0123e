use std::process::Command;
use url::Url;

/// A Postgres database of a test's own, gone with it.
pub struct Database {
    pub url: String,
    name: String,
    server: String,
}

impl Database {
    /// None, said aloud, on a machine without Postgres.
    #[expect(
        clippy::disallowed_methods,
        reason = "the test runner says what there is by variables"
    )]
    pub fn new() -> Option<Self> {
        let Ok(server) = std::env::var("LATCHKEY_TEST_POSTGRES") else {
            println!("left out: LATCHKEY_TEST_POSTGRES is not set");
            return None;
        };
        let name = format!("latchkey_program_{}", std::process::id());
        let mut url = Url::parse(&server).unwrap();
        url.set_path(&name);
        let database = Self {
            url: url.into(),
            name,
            server,
        };
        database.clear();
        Some(database)
    }

    /// Empty again.
    pub fn clear(&self) {
        self.drop_it();
        self.ask(&format!("create database {}", self.name));
    }

    /// Whatever an edge that was killed still has open.
    fn drop_it(&self) {
        self.ask(&format!(
            "drop database if exists {} with (force)",
            self.name
        ));
    }

    fn ask(&self, sql: &str) {
        let mut psql = Command::new("psql");
        let asked = psql.args(["-qX", "-d", &self.server, "-c", sql]).status();
        assert!(asked.unwrap().success(), "{sql}");
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.drop_it();
    }
}
