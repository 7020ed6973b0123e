//! What somebody types into the composer, on its way to a request.

use std::collections::BTreeSet;

use latchkey_tenants::{
    ActionError, Asked, Lifetime, Member, NewRequest, Recipient, ReminderPlan, Slot, SlotRef,
    StoreError, Tx, Workflow, Workspace, WorkspaceId, values::Email,
};
use serde::Serialize;

use crate::{
    console::typed::{Typed, refusal},
    http::{PageError, Query},
};

/// What there is to choose from.
pub(super) struct Around {
    pub workspace: Workspace,
    pub workflows: Vec<Workflow>,
    pub clients: Vec<Member>,
}

/// Everything stays as it was typed, right or wrong.
#[derive(Serialize)]
pub(super) struct Draft {
    /// A person of the portal; empty: whoever is typed.
    member: String,
    email: Typed,
    name: Typed,
    note: Typed,
    language: String,
    expires: String,
    reminders: bool,
    #[serde(skip)]
    pub slots: BTreeSet<String>,
    slots_wrong: Option<String>,
    /// What is wrong with no field in particular.
    wrong: Option<String>,
}

/// Seconds, and how people say it; first what is usual for whoever is asked.
pub(super) const LIFETIMES: [(&str, &str); 9] = [
    ("", "As usual: 7 days by mail, 4 hours in the portal"),
    ("3600", "1 hour"),
    ("14400", "4 hours"),
    ("86400", "1 day"),
    ("172800", "2 days"),
    ("259200", "3 days"),
    ("604800", "7 days"),
    ("1209600", "14 days"),
    ("2592000", "30 days"),
];

/// Begins the name of the check box of each slot.
const SLOT: &str = "slot.";
/// Who stands in a preview as long as nobody is typed.
const SOMEBODY: &str = "client@client.example";
const MOST_WORKFLOWS: i64 = 100;
const MOST_CLIENTS: i64 = 200;

impl Around {
    pub async fn read(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Option<Self>, StoreError> {
        let Some(workspace) = tx.workspace(workspace).await? else {
            return Ok(None);
        };
        let id = &workspace.id;
        Ok(Some(Self {
            workflows: tx.workflows_of_workspace(id, MOST_WORKFLOWS).await?,
            clients: tx.clients_of(id, MOST_CLIENTS).await?,
            workspace,
        }))
    }
}

impl Draft {
    /// Everything that is missing is chosen: of this workflow, or of all.
    pub fn blank(around: &Around, workflow: &str) -> Self {
        let wanted = |of: &&Workflow| workflow.is_empty() || of.id.as_str() == workflow;
        let wanted = around.workflows.iter().filter(wanted);
        let missing = wanted
            .flat_map(|workflow| &workflow.slots)
            .filter(|slot| slot.missing().is_some());
        let mut blank = Self::of(&Query::default());
        blank.slots = missing.map(|slot| slot.id.to_string()).collect();
        blank.reminders = true;
        blank
    }

    pub fn of(fields: &Query) -> Self {
        let text = |name: &str| fields.typed(name).to_owned();
        Self {
            member: text("member"),
            email: Typed::of(fields, "email"),
            name: Typed::of(fields, "name"),
            note: Typed::of(fields, "note"),
            language: text("language"),
            expires: text("expires"),
            reminders: fields.get("reminders").is_some(),
            slots: fields.names_after(SLOT).map(str::to_owned).collect(),
            slots_wrong: None,
            wrong: None,
        }
    }

    /// None: something is wrong, and the draft says what.
    pub fn request(&mut self, around: &Around) -> Option<NewRequest> {
        let asked = self.asked(around);
        self.to(asked, around)
    }

    /// For a preview: whoever is asked may not be typed yet.
    pub fn sample(&mut self, around: &Around) -> Option<NewRequest> {
        let somebody = || {
            let email: Email = SOMEBODY.parse().ok()?;
            Some(Recipient { email, name: None }.into())
        };
        let asked = self.asked(around).or_else(somebody);
        self.to(asked, around)
    }

    /// Notes what the store refuses; other failures are pages of their own.
    pub fn refuse(&mut self, error: ActionError) -> Result<(), PageError> {
        self.wrong = Some(refusal(error)?);
        Ok(())
    }

    fn to(&mut self, asked: Option<Asked>, around: &Around) -> Option<NewRequest> {
        let lifetime = self.lifetime(asked.as_ref());
        let slots = self.slots(around);
        if slots.is_empty() {
            self.slots_wrong = Some("Choose at least one app.".to_owned());
        }
        let note = self.note.read_if_any();
        let language = match &*self.language {
            "" => Some(None),
            tag => tag.parse().ok().map(Some),
        };
        let chosen = !slots.is_empty();
        Some(NewRequest {
            workspace_id: around.workspace.id.clone(),
            asked: asked?,
            note: note?,
            language: language?,
            lifetime: lifetime?,
            reminders: (!self.reminders).then_some(ReminderPlan::NONE),
            slots,
        })
        .filter(|_| chosen)
    }

    fn lifetime(&mut self, asked: Option<&Asked>) -> Option<Lifetime> {
        if self.expires.is_empty() {
            return asked.map(Asked::usual_lifetime);
        }
        let seconds = self.expires.parse().ok();
        let chosen = seconds.and_then(|seconds| Lifetime::from_seconds(seconds).ok());
        if chosen.is_none() {
            self.wrong = Some("Choose how long the link lives.".to_owned());
        }
        chosen
    }

    /// The portal member who was chosen, in their inbox; else whoever was typed, by mail.
    fn asked(&mut self, around: &Around) -> Option<Asked> {
        if self.member.is_empty() {
            let (email, name) = (self.email.read(), self.name.read_if_any());
            let recipient = Recipient {
                email: email?,
                name: name?,
            };
            return Some(recipient.into());
        }
        let mut clients = around.clients.iter();
        let chosen = clients.find(|member| member.id.as_str() == self.member);
        if chosen.is_none() {
            self.wrong = Some("Choose a person of this workspace.".to_owned());
        }
        chosen.map(|member| Asked::Member(member.id.clone()))
    }

    /// Slots of the workspace's workflows, in their order; any other id is none.
    fn slots(&self, around: &Around) -> Vec<SlotRef> {
        let all = around.workflows.iter().flat_map(|workflow| {
            let slot = |slot: &Slot| SlotRef {
                workflow_id: workflow.id.clone(),
                slot_id: slot.id.clone(),
            };
            workflow.slots.iter().map(slot)
        });
        all.filter(|slot| self.slots.contains(slot.slot_id.as_str()))
            .collect()
    }
}
