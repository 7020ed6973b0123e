use std::collections::HashMap;

use latchkey_tenants::{MemberId, StoreError, Tx};

use crate::jobs::app_name;

/// Names that a page says often, each read once.
#[derive(Default)]
pub(crate) struct Names {
    apps: HashMap<String, String>,
    actors: HashMap<String, String>,
}

impl Names {
    /// As people know the app.
    pub async fn app(&mut self, tx: &mut Tx, slug: &str) -> Result<String, StoreError> {
        if let Some(name) = self.apps.get(slug) {
            return Ok(name.clone());
        }
        let name = app_name(tx, slug).await?;
        self.apps.insert(slug.to_owned(), name.clone());
        Ok(name)
    }

    /// Who did something, by the audit log's word for them.
    pub async fn actor(&mut self, tx: &mut Tx, actor: &str) -> Result<String, StoreError> {
        if let Some(name) = self.actors.get(actor) {
            return Ok(name.clone());
        }
        let name = match actor.split_once(':') {
            Some(("member", id)) => member(tx, id).await?,
            Some(("api_key", _)) => "an API key".to_owned(),
            _ if actor.starts_with("recipient") => "the client".to_owned(),
            _ if actor == "system" => "the system".to_owned(),
            _ => actor.to_owned(),
        };
        self.actors.insert(actor.to_owned(), name.clone());
        Ok(name)
    }
}

async fn member(tx: &mut Tx, id: &str) -> Result<String, StoreError> {
    let found = match id.parse::<MemberId>() {
        Ok(id) => tx.member(&id).await?,
        Err(_) => None,
    };
    Ok(found.map_or_else(
        || "somebody who left".to_owned(),
        |member| {
            let name = member.name.as_ref().map(ToString::to_string);
            name.unwrap_or_else(|| member.email.to_string())
        },
    ))
}
