use std::collections::HashMap;

use super::{
    StoreError, Tx,
    items::items,
    statement::{args, statements},
};
use crate::{Account, Item, ItemId, RequestId, values::Name};

statements! {
    WORKSPACE = "select w.name as workspace from requests r join workspaces w on w.agency_id = r.agency_id and w.id = r.workspace_id where r.agency_id = $1 and r.id = $2";
    ITEMS = "select i.*, s.slot_id, s.workflow_id, f.name as workflow, c.account_id, c.account_label from items i left join connections c on c.agency_id = i.agency_id and c.id = i.connection_id left join item_slots s on s.agency_id = i.agency_id and s.item_id = i.id left join workflows f on f.agency_id = s.agency_id and f.id = s.workflow_id where i.agency_id = $1 and i.request_id = $2 order by i.position, s.slot_id";
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
        let row = self.inner.optional(WORKSPACE, args![&agency, id]).await?;
        let row = row.ok_or_else(|| StoreError::gone("request"))?;
        let (_, around) = self
            .items_and_surroundings(id, row.parsed("workspace")?)
            .await?;
        Ok(around)
    }

    /// The items of a request and what surrounds them, in one statement.
    pub(super) async fn items_and_surroundings(
        &mut self,
        id: &RequestId,
        workspace: Name,
    ) -> Result<(Vec<Item>, Surroundings), StoreError> {
        let agency = self.agency.clone();
        let rows = self.inner.all(ITEMS, args![&agency, id]).await?;
        let mut workflows: Vec<Name> = Vec::new();
        let mut accounts = HashMap::new();
        for row in &rows {
            workflows.extend(row.optional_parsed("workflow")?);
            if let Some(id) = row.optional_text("account_id")? {
                let label = row.optional_text("account_label")?;
                accounts.insert(row.parsed("id")?, Account { id, label });
            }
        }
        workflows.sort();
        workflows.dedup();
        let items = items(&rows)?.into_iter().map(|(_, item)| item).collect();
        Ok((
            items,
            Surroundings {
                workspace,
                workflows,
                accounts,
            },
        ))
    }
}
