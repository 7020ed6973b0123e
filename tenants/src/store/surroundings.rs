use std::collections::HashMap;

use super::{
    StoreError, Tx,
    statement::{args, statements},
};
use crate::{Account, ItemId, RequestId, values::Name};

statements! {
    AROUND = "select w.name as workspace, f.name as workflow, i.id as item, c.account_id, c.account_label from requests r join workspaces w on w.agency_id = r.agency_id and w.id = r.workspace_id left join items i on i.agency_id = r.agency_id and i.request_id = r.id left join connections c on c.agency_id = i.agency_id and c.id = i.connection_id left join item_slots s on s.agency_id = i.agency_id and s.item_id = i.id left join workflows f on f.agency_id = s.agency_id and f.id = s.workflow_id where r.agency_id = $1 and r.id = $2 order by f.name";
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
        let rows = self.inner.all(AROUND, args![&agency, id]).await?;
        let first = rows.first().ok_or_else(|| StoreError::gone("request"))?;
        let workspace = first.parsed("workspace")?;
        let mut workflows: Vec<Name> = Vec::new();
        let mut accounts = HashMap::new();
        for row in &rows {
            let workflow = row.optional_parsed("workflow")?;
            workflows.extend(workflow.filter(|name| workflows.last() != Some(name)));
            if let Some(id) = row.optional_text("account_id")? {
                let label = row.optional_text("account_label")?;
                accounts.insert(row.parsed("item")?, Account { id, label });
            }
        }
        Ok(Surroundings {
            workspace,
            workflows,
            accounts,
        })
    }
}
