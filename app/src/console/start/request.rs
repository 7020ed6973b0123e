use latchkey_tenants::{
    ActionError, Lifetime, NewRequest, Recipient, RequestId, SlotRef, Tx, Workflow,
    values::{Email, Name, Note},
};

use super::page::{RequestForm, StartPage, TEMPLATE, TITLE, newest_workflow};
use crate::{
    console::{Desk, Typed, done, not_done, refusal},
    http::{PageResult, Query},
    person::{Manage, Sent},
};

/// What the form says, once it is right.
struct Wish {
    recipient: Recipient,
    note: Option<Note>,
}

/// `POST /dashboard/start/request`: asks one person for the apps of the newest workflow, at once.
pub(super) async fn send(sent: Sent<Desk<Manage>>) -> PageResult {
    let desk = sent.by;
    let mut tx = desk.begin().await?;
    let Some(workflow) = newest_workflow(&mut tx).await? else {
        let text =
            "Add your first client and workflow before: a request asks for what a workflow needs.";
        return Ok(not_done(super::PATH, text));
    };
    let mut page = StartPage::of(&mut tx).await?;
    let Some(wish) = page.request.read(&sent.fields) else {
        return Ok(desk.refuse(TEMPLATE, TITLE, page));
    };
    let to = wish.recipient.email.to_string();
    let id = match ask(&mut tx, &workflow, wish, &desk.actor()).await {
        Ok(id) => id,
        Err(error) => {
            page.request.problem = Some(refusal(error)?);
            return Ok(desk.refuse(TEMPLATE, TITLE, page));
        }
    };
    desk.commit(tx).await?;
    let text =
        format!("Your first request is on its way to {to}. Here you see what becomes of it.");
    Ok(done(&format!("/dashboard/requests/{id}"), &text))
}

async fn ask(
    tx: &mut Tx,
    workflow: &Workflow,
    wish: Wish,
    actor: &str,
) -> Result<RequestId, ActionError> {
    let slots = workflow.slots.iter().map(|slot| SlotRef {
        workflow_id: workflow.id.clone(),
        slot_id: slot.id.clone(),
    });
    let new = NewRequest {
        workspace_id: workflow.workspace_id.clone(),
        asked: wish.recipient.into(),
        note: wish.note,
        language: None,
        lifetime: Lifetime::MAILED,
        reminders: None,
        slots: slots.collect(),
    };
    let request = tx.request_create(new, actor).await?;
    let sent = tx.request_send(&request.id, actor).await?;
    Ok(sent.id)
}

impl RequestForm {
    /// None: something is wrong, and stands beside its field.
    fn read(&mut self, fields: &Query) -> Option<Wish> {
        self.email = Typed::of(fields, "email");
        self.name = Typed::of(fields, "recipient");
        self.note = Typed::of(fields, "note");
        let email = self.email.read::<Email>();
        let name = self.name.read_if_any::<Name>();
        let note = self.note.read_if_any::<Note>();
        Some(Wish {
            recipient: Recipient {
                email: email?,
                name: name?,
            },
            note: note?,
        })
    }
}
