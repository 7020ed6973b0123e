use latchkey_tenants::{Resume, Slot, SlotChange, Tx, Workflow, WorkflowChange, WorkflowId};
use serde::Serialize;

use super::path_of;
use crate::{
    console::{
        Desk, done,
        typed::{Typed, refusal},
    },
    http::{PageError, PageResult, Query, Segment},
    person::{Sent, Work},
};

const TEMPLATE: &str = "workflows/edit.html";

#[derive(Serialize)]
struct View {
    path: String,
    /// As it is called now.
    title: String,
    name: Typed,
    external_id: Typed,
    by_hand: bool,
    slots: Vec<SlotView>,
    /// What is wrong with no field in particular.
    wrong: Option<String>,
}

#[derive(Serialize)]
struct SlotView {
    #[serde(skip)]
    slot: Slot,
    id: String,
    app: String,
    expected: Typed,
    optional: bool,
}

/// `GET /dashboard/workflows/{id}/edit`.
pub(super) async fn show(desk: Desk<Work>, id: Segment) -> PageResult {
    let id: WorkflowId = id.id()?;
    let view = View::of(&mut desk.read().await?, &id).await?;
    Ok(desk.show(TEMPLATE, &format!("Edit {}", view.title), view))
}

/// `POST /dashboard/workflows/{id}/edit`.
pub(super) async fn save(id: Segment, Sent { by: desk, fields }: Sent<Desk<Work>>) -> PageResult {
    let id: WorkflowId = id.id()?;
    let mut tx = desk.begin().await?;
    let mut view = View::of(&mut tx, &id).await?;
    view.take(&fields);
    if let Some(change) = view.change() {
        match tx.workflow_change(&id, change, &desk.actor()).await {
            Ok(_) => {
                desk.commit(tx).await?;
                return Ok(done(&path_of(&id), "Saved. It holds from now on."));
            }
            Err(error) => view.wrong = Some(refusal(error)?),
        }
    }
    Ok(desk.refuse(TEMPLATE, &format!("Edit {}", view.title), view))
}

impl View {
    async fn of(tx: &mut Tx, id: &WorkflowId) -> Result<Self, PageError> {
        let workflow = tx.workflow(id).await?.ok_or_else(PageError::not_found)?;
        let mut slots = Vec::with_capacity(workflow.slots.len());
        for slot in &workflow.slots {
            let app = tx.app(&slot.app).await?;
            let name = app.map_or_else(|| slot.app.clone(), |app| app.name.clone());
            slots.push(SlotView::of(slot, name));
        }
        Ok(Self {
            slots,
            ..Self::without_slots(&workflow)
        })
    }

    fn without_slots(workflow: &Workflow) -> Self {
        let external_id = workflow.external_id.as_ref();
        Self {
            path: path_of(&workflow.id),
            title: workflow.name.to_string(),
            name: Typed::holding(workflow.name.as_str()),
            external_id: Typed::holding(external_id.map_or("", |id| id.as_str())),
            by_hand: workflow.resume == Resume::Manual,
            slots: Vec::new(),
            wrong: None,
        }
    }

    fn take(&mut self, fields: &Query) {
        self.name = Typed::of(fields, "name");
        self.external_id = Typed::of(fields, "external_id");
        self.by_hand = fields.typed("resume") == Resume::Manual.as_str();
        for slot in &mut self.slots {
            // A form from before this page had the slot says nothing of it.
            let Some(expected) = fields.get(&format!("expected.{}", slot.id)) else {
                continue;
            };
            slot.expected = Typed::holding(expected.trim());
            slot.optional = fields.get(&format!("optional.{}", slot.id)).is_some();
        }
    }

    /// None: something is wrong, and the fields say what.
    fn change(&mut self) -> Option<WorkflowChange> {
        let (name, external_id) = (self.name.read(), self.external_id.read_if_any());
        let slots: Vec<_> = self.slots.iter_mut().map(SlotView::change).collect();
        Some(WorkflowChange {
            name: Some(name?),
            external_id: Some(external_id?),
            resume: Some(match self.by_hand {
                true => Resume::Manual,
                false => Resume::Auto,
            }),
            slots: slots.into_iter().collect::<Option<_>>()?,
        })
    }
}

impl SlotView {
    fn of(slot: &Slot, app: String) -> Self {
        let expected = slot.expected_account.as_ref();
        Self {
            id: slot.id.to_string(),
            app,
            expected: Typed::holding(expected.map_or("", |account| account.as_str())),
            optional: !slot.required,
            slot: slot.clone(),
        }
    }

    fn change(&mut self) -> Option<SlotChange> {
        Some(SlotChange {
            id: self.slot.id.clone(),
            required: Some(!self.optional),
            expected_account: Some(self.expected.read_if_any()?),
        })
    }
}
