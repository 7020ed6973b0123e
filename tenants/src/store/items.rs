use super::{
    StoreError, Tx,
    api_keys::to_json,
    conn::Row,
    statement::{AMONG, among, args, args_among, statements},
};
use crate::{
    ActionError, ConnectionId, EventType, Item, ItemId, ItemMove, ItemStatus, MAX_ITEMS, NewEvent,
    Request, RequestId, RequestStatus, SlotRef, WorkspaceId,
    values::{Note, Opaque},
};

/// `$which` says of whose requests.
macro_rules! items_of {
    ($which:expr) => {
        concat!(
            "select i.*, s.slot_id, s.workflow_id from items i left join item_slots s on s.agency_id = i.agency_id and s.item_id = i.id where i.agency_id = $1 and i.request_id ",
            $which,
            " order by i.request_id, i.position, s.slot_id"
        )
    };
}

statements! {
    CREATE = "insert into items (id, agency_id, request_id, position, app, scopes, expected_account, status, updated_at) values ($2, $1, $3, $4, $5, $6, $7, 'pending', $8)";
    CREATE_SLOT = "insert into item_slots (agency_id, item_id, slot_id, workflow_id) values ($1, $2, $3, $4)";
    OF_REQUEST = items_of!("= $2");
    OF_REQUESTS = items_of!(concat!("in ", among!()));
    REQUEST_OF = "select request_id from items where agency_id = $1 and id = $2";
    MOVE = "update items set status = $3, updated_at = $4 where agency_id = $1 and id = $2 and status = $5";
    SET_CONNECTION = "update items set connection_id = $3 where agency_id = $1 and id = $2";
    SET_REASON = "update items set reason = $3 where agency_id = $1 and id = $2";
    OF_CONNECTION = "select id, request_id, status from items where agency_id = $1 and connection_id = $2 order by id";
}

/// An item before it is written.
pub(super) struct ItemDraft {
    app: String,
    scopes: Vec<String>,
    expected_account: Option<Opaque>,
    slots: Vec<SlotRef>,
}

impl ItemDraft {
    /// The item that it would become.
    pub fn into_item(self, id: ItemId) -> Item {
        Item {
            id,
            app: self.app,
            scopes: self.scopes,
            expected_account: self.expected_account,
            status: ItemStatus::Pending,
            connection_id: None,
            reason: None,
            slots: self.slots,
        }
    }
}

impl Tx {
    /// One draft for each app, its scopes those of all its slots.
    pub(super) async fn item_drafts(
        &mut self,
        workspace: &WorkspaceId,
        slots: &[SlotRef],
    ) -> Result<Vec<ItemDraft>, ActionError> {
        if slots.is_empty() || slots.len() > MAX_ITEMS {
            let message = format!("1 to {MAX_ITEMS} items are expected");
            return Err(ActionError::invalid("/items", message));
        }
        let mut drafts: Vec<ItemDraft> = Vec::new();
        for (index, wanted) in slots.iter().enumerate() {
            let field = |name: &str| format!("/items/{index}/{name}");
            if slots[..index].contains(wanted) {
                return Err(ActionError::invalid(
                    field("slot_id"),
                    "this slot is named twice",
                ));
            }
            let workflow = self.workflow(&wanted.workflow_id).await?;
            let workflow = workflow
                .filter(|workflow| workflow.workspace_id == *workspace)
                .ok_or_else(|| {
                    ActionError::invalid(
                        field("workflow_id"),
                        "there is no such workflow in this workspace",
                    )
                })?;
            let slot = workflow
                .slots
                .into_iter()
                .find(|slot| slot.id == wanted.slot_id)
                .ok_or_else(|| {
                    ActionError::invalid(field("slot_id"), "this workflow has no such slot")
                })?;
            let Some(draft) = drafts.iter_mut().find(|draft| draft.app == slot.app) else {
                drafts.push(ItemDraft {
                    app: slot.app,
                    scopes: slot.scopes,
                    expected_account: slot.expected_account,
                    slots: vec![wanted.clone()],
                });
                continue;
            };
            if draft.expected_account != slot.expected_account {
                let message = format!(
                    "two slots expect different accounts of {}: send two requests",
                    slot.app
                );
                return Err(ActionError::invalid(field("slot_id"), message));
            }
            draft.scopes.extend(slot.scopes);
            draft.scopes.sort();
            draft.scopes.dedup();
            draft.slots.push(wanted.clone());
        }
        Ok(drafts)
    }

    pub(super) async fn items_insert(
        &mut self,
        request: &RequestId,
        drafts: &[ItemDraft],
    ) -> Result<(), StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        for (position, draft) in (0..).zip(drafts) {
            let id: ItemId = self.new_id();
            self.inner
                .execute(
                    CREATE,
                    args![
                        &agency,
                        &id,
                        request,
                        position,
                        &draft.app,
                        &to_json(&draft.scopes),
                        draft.expected_account.as_ref(),
                        now
                    ],
                )
                .await?;
            for slot in &draft.slots {
                self.inner
                    .execute(
                        CREATE_SLOT,
                        args![&agency, &id, &slot.slot_id, &slot.workflow_id],
                    )
                    .await?;
            }
        }
        Ok(())
    }

    /// Gives the requests their items.
    pub(super) async fn items_fill(&mut self, requests: &mut [Request]) -> Result<(), StoreError> {
        let agency = self.agency.clone();
        for requests in requests.chunks_mut(AMONG) {
            let rows = match &*requests {
                [one] => self.inner.all(OF_REQUEST, args![&agency, &one.id]).await?,
                some => {
                    let ids = some.iter().map(|request| request.id.as_str());
                    let args = args_among(&agency, ids);
                    self.inner.all(OF_REQUESTS, &args).await?
                }
            };
            for (owner, item) in items(&rows)? {
                if let Some(request) = requests.iter_mut().find(|request| request.id == owner) {
                    request.items.push(item);
                }
            }
        }
        Ok(())
    }

    /// The request that an item belongs to.
    pub async fn request_of_item(&mut self, item: &ItemId) -> Result<Option<Request>, StoreError> {
        match self.request_id_of_item(item).await? {
            Some(id) => self.request(&id).await,
            None => Ok(None),
        }
    }

    pub async fn request_id_of_item(
        &mut self,
        item: &ItemId,
    ) -> Result<Option<RequestId>, StoreError> {
        let agency = self.agency.clone();
        let row = self
            .inner
            .optional(REQUEST_OF, args![&agency, item])
            .await?;
        row.map(|row| row.parsed("request_id")).transpose()
    }

    /// One step of the state machine, taken only if the item is where the caller believes it to be.
    ///
    /// # Errors
    /// A conflict `item_moved` when another was faster; a move that the machine does not have.
    pub(super) async fn item_move(
        &mut self,
        id: &ItemId,
        from: ItemStatus,
        action: ItemMove,
    ) -> Result<ItemStatus, ActionError> {
        let to = from
            .after(action)
            .map_err(|error| ActionError::conflict("illegal_move", error.to_string()))?;
        let (agency, now) = (self.agency.clone(), self.now());
        let moved = self
            .inner
            .execute(MOVE, args![&agency, id, to.as_str(), now, from.as_str()])
            .await?;
        if moved == 1 {
            Ok(to)
        } else {
            Err(ActionError::conflict(
                "item_moved",
                format!("the item is not {from} any more"),
            ))
        }
    }

    pub(super) async fn item_set_connection(
        &mut self,
        id: &ItemId,
        connection: Option<&ConnectionId>,
    ) -> Result<(), StoreError> {
        let agency = self.agency.clone();
        self.inner
            .execute(SET_CONNECTION, args![&agency, id, connection])
            .await?;
        Ok(())
    }

    pub(super) async fn item_set_reason(
        &mut self,
        id: &ItemId,
        reason: Option<&Note>,
    ) -> Result<(), StoreError> {
        let agency = self.agency.clone();
        self.inner
            .execute(SET_REASON, args![&agency, id, reason])
            .await?;
        Ok(())
    }

    pub(super) async fn items_of_connection(
        &mut self,
        connection: &ConnectionId,
    ) -> Result<Vec<(ItemId, RequestId, ItemStatus)>, StoreError> {
        let agency = self.agency.clone();
        let rows = self
            .inner
            .all(OF_CONNECTION, args![&agency, connection])
            .await?;
        rows.iter()
            .map(|row| {
                Ok((
                    row.parsed("id")?,
                    row.parsed("request_id")?,
                    row.parsed("status")?,
                ))
            })
            .collect()
    }

    /// The client says no to one app, with a reason. Only while the request is open.
    pub async fn item_decline(
        &mut self,
        id: &ItemId,
        reason: Option<&Note>,
        actor: &str,
    ) -> Result<Request, ActionError> {
        self.take_turn().await?;
        let request = self
            .request_of_item(id)
            .await?
            .ok_or(ActionError::NotFound("item"))?;
        request.check_runs()?;
        if request.status_at(self.now()) != RequestStatus::Sent {
            return Err(ActionError::conflict(
                "request_ended",
                "the request is not open any more",
            ));
        }
        match request.items.iter().find(|item| item.id == *id) {
            Some(item) if item.status == ItemStatus::Declined => return Ok(request),
            Some(item) if item.status == ItemStatus::Held => {
                self.item_release(item, actor).await?;
            }
            _ => {}
        }
        self.item_move(id, ItemStatus::Pending, ItemMove::Decline)
            .await?;
        self.item_set_reason(id, reason).await?;
        let data = serde_json::json!({ "request_id": request.id, "with_reason": reason.is_some() });
        let kind = EventType::ItemDeclined;
        self.record(NewEvent {
            kind,
            actor,
            subject: id.as_str(),
            data,
        })
        .await?;
        self.request_settle(&request.id).await?;
        self.request_existing(&request.id).await
    }
}

/// The items of rows that are in the items' order, one row for each slot of an item.
pub(super) fn items(rows: &[Row]) -> Result<Vec<(RequestId, Item)>, StoreError> {
    let mut items: Vec<(RequestId, Item)> = Vec::new();
    for row in rows {
        let id = row.text("id")?;
        if items.last().is_none_or(|(_, last)| last.id.as_str() != id) {
            items.push((row.parsed("request_id")?, item(row)?));
        }
        if let (Some((_, item)), Some(slot_id)) =
            (items.last_mut(), row.optional_parsed("slot_id")?)
        {
            let workflow_id = row.parsed("workflow_id")?;
            item.slots.push(SlotRef {
                workflow_id,
                slot_id,
            });
        }
    }
    Ok(items)
}

/// An item without its slots, each of which has a row of its own.
fn item(row: &Row) -> Result<Item, StoreError> {
    Ok(Item {
        id: row.parsed("id")?,
        app: row.text("app")?,
        scopes: row.json("scopes")?,
        expected_account: row.optional_parsed("expected_account")?,
        status: row.parsed("status")?,
        connection_id: row.optional_parsed("connection_id")?,
        reason: row.optional_parsed("reason")?,
        slots: Vec::new(),
    })
}
