use std::collections::HashMap;

use super::{
    StoreError, Tx,
    statement::{args, statements},
};
use crate::{Account, ItemId, RequestId, values::Name};

statements! {
    NAMES = "select distinct w.name as workspace, f.name as workflow from requests r join workspaces w on w.agency_id = r.agency_id and w.id = r.workspace_id left join items i on i.agency_id = r.agency_id and i.request_id = r.id left join item_slots s on s.agency_id = i.agency_id and s.item_id = i.id left join workflows f on f.agency_id = s.agency_id and f.id = s.workflow_id where r.agency_id = $1 and r.id = $2 order by f.name";
    ACCOUNTS = "select i.id, c.account_id, c.account_label from items i join connections c on c.agency_id = i.agency_id and c.id = i.connection_id where i.agency_id = $1 and i.request_id = $2 and c.account_id is not null";
}

/// What a page or mail about a request says besides the request itself.
#[derive(Clone, Debug)]
pub struct Surroundings {
    pub workspace: Name,
    /// The workflows that wait for its items, by name.
    pub workflows: Vec<Name>,
    /// Whose account an item was connected with.
    pub accounts: HashMap<ItemId, Account>,
}

impl Tx {
    pub async fn request_surroundings(
        &mut self,
        id: &RequestId,
    ) -> Result<Surroundings, StoreError> {
        let agency = self.agency.clone();
        let names = self.inner.all(NAMES, args![&agency, id]).await?;
        let first = names
            .first()
            .ok_or_else(|| StoreError::corrupt("requests", "the request is gone"))?;
        let workspace = first.parsed("workspace")?;
        let mut workflows = Vec::with_capacity(names.len());
        for row in &names {
            workflows.extend(row.optional_parsed("workflow")?);
        }
        let mut accounts = HashMap::new();
        for row in self.inner.all(ACCOUNTS, args![&agency, id]).await? {
            let account = Account {
                id: row.text("account_id")?,
                label: row.optional_text("account_label")?,
            };
            accounts.insert(row.parsed("id")?, account);
        }
        Ok(Surroundings {
            workspace,
            workflows,
            accounts,
        })
    }
}
