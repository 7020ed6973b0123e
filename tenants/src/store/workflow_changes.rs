//! A workflow that is put right after it was made.

use super::{
    Tx,
    search_words::Kind,
    statement::{args, statements},
};
use crate::{
    ActionError, EventType, NewEvent, Slot, SlotChange, Workflow, WorkflowChange, WorkflowId,
    values::Opaque,
};

statements! {
    SET = "update workflows set name = $3, external_id = $4, resume = $5 where agency_id = $1 and id = $2";
    SET_SLOT = "update slots set required = $3, expected_account = $4 where agency_id = $1 and id = $2";
    // An item of several slots keeps its account as long as they do not agree.
    SET_ITEMS = "update items set expected_account = $4 where agency_id = $1 and status = 'pending' and id in (select a.item_id from item_slots a where a.agency_id = $1 and a.workflow_id = $2 and a.slot_id = $3) and not exists (select 1 from item_slots o join slots s on s.agency_id = o.agency_id and s.id = o.slot_id where o.agency_id = $1 and o.item_id = items.id and coalesce(s.expected_account, '') <> coalesce(cast($4 as text), ''))";
}

impl Tx {
    /// What was wrong when the workflow was made. Open requests follow as far as nothing is connected yet; the gate settles.
    ///
    /// # Errors
    /// Not found; a slot that is none of the workflow's, or is named twice.
    pub async fn workflow_change(
        &mut self,
        id: &WorkflowId,
        change: WorkflowChange,
        actor: &str,
    ) -> Result<Workflow, ActionError> {
        self.take_turn().await?;
        let before = self.workflow(id).await?;
        let before = before.ok_or(ActionError::NotFound("workflow"))?;
        let mut after = before.clone();
        after.name = change.name.unwrap_or(after.name);
        after.external_id = change.external_id.unwrap_or(after.external_id);
        after.resume = change.resume.unwrap_or(after.resume);
        apply(&mut after.slots, change.slots)?;
        let mut changed = changed_fields(&before, &after);
        if !changed.is_empty() {
            self.workflow_set(&after).await?;
        }
        for (old, new) in before.slots.iter().zip(&after.slots) {
            if old.required != new.required || old.expected_account != new.expected_account {
                self.slot_set(id, new).await?;
                changed.push(new.id.as_str());
            }
        }
        if changed.is_empty() {
            return Ok(before);
        }
        self.record(NewEvent {
            kind: EventType::WorkflowChanged,
            actor,
            subject: id.as_str(),
            data: serde_json::json!({ "name": after.name, "changed": changed }),
        })
        .await?;
        after.gate = self.gate_settle(id, false).await?;
        Ok(after)
    }

    async fn workflow_set(&mut self, to: &Workflow) -> Result<(), ActionError> {
        let agency = self.agency.clone();
        let external_id = to.external_id.as_ref();
        self.inner
            .execute(
                SET,
                args![&agency, &to.id, &to.name, external_id, to.resume.as_str()],
            )
            .await?;
        let texts = [Some(to.name.as_str()), external_id.map(Opaque::as_str)];
        self.search_words_put(Kind::Workflow, to.id.as_str(), &texts)
            .await?;
        Ok(())
    }

    async fn slot_set(&mut self, workflow: &WorkflowId, to: &Slot) -> Result<(), ActionError> {
        let (agency, expected) = (self.agency.clone(), to.expected_account.as_ref());
        self.inner
            .execute(SET_SLOT, args![&agency, &to.id, to.required, expected])
            .await?;
        self.inner
            .execute(SET_ITEMS, args![&agency, workflow, &to.id, expected])
            .await?;
        Ok(())
    }
}

fn apply(slots: &mut [Slot], changes: Vec<SlotChange>) -> Result<(), ActionError> {
    let mut named = Vec::with_capacity(changes.len());
    for (index, change) in changes.into_iter().enumerate() {
        let wrong = |message| ActionError::invalid(format!("/slots/{index}/id"), message);
        if named.contains(&change.id) {
            return Err(wrong("this slot is named twice"));
        }
        let slot = slots.iter_mut().find(|slot| slot.id == change.id);
        let slot = slot.ok_or_else(|| wrong("this workflow has no such slot"))?;
        slot.required = change.required.unwrap_or(slot.required);
        if let Some(expected) = change.expected_account {
            slot.expected_account = expected;
        }
        named.push(change.id);
    }
    Ok(())
}

fn changed_fields<'a>(before: &Workflow, after: &Workflow) -> Vec<&'a str> {
    [
        ("name", before.name != after.name),
        ("external_id", before.external_id != after.external_id),
        ("resume", before.resume != after.resume),
    ]
    .into_iter()
    .filter_map(|(field, changed)| changed.then_some(field))
    .collect()
}
