//! What somebody types into the composer, on its way to a request.

use std::collections::BTreeSet;

use latchkey_tenants::{
    ActionError, Asked, Lifetime, MAX_ITEMS, Member, MemberId, NewRequest, PageOf, Recipient,
    ReminderPlan, Slot, SlotRef, StoreError, Tx, Workflow, WorkflowId, Workspace, WorkspaceId,
    store::{Audience, MemberSearch},
    values::Email,
};
use serde::Serialize;

use crate::{
    console::{
        listing::cut,
        typed::{Typed, refusal},
    },
    http::{PageError, Query},
};

/// What there is to choose from: what somebody looks for, newest first, and what they have chosen already.
pub(super) struct Around {
    pub workspace: Workspace,
    pub workflows: Vec<Workflow>,
    pub clients: Vec<Member>,
    /// There are more than a page shows.
    pub more_workflows: bool,
    pub more_clients: bool,
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
    /// Parts of names that somebody looks for.
    find_workflow: String,
    find_person: String,
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
/// What a page shows of either.
const WORKFLOWS: u8 = 25;
const CLIENTS: u8 = 100;

impl Around {
    pub async fn read(
        tx: &mut Tx,
        workspace: &WorkspaceId,
        fields: &Query,
    ) -> Result<Option<Self>, StoreError> {
        let Some(workspace) = tx.workspace(workspace).await? else {
            return Ok(None);
        };
        let looked_for = |name| -> String { fields.typed(name).chars().take(100).collect() };
        let (text, limit) = (looked_for("find_workflow"), i64::from(WORKFLOWS) + 1);
        let found = tx.workflows_of_workspace(&workspace.id, &text, limit);
        let mut workflows = found.await?;
        let more_workflows = cut(&mut workflows, WORKFLOWS);
        let search = MemberSearch {
            audience: Audience::Workspace(workspace.id.clone()),
            text: looked_for("find_person"),
        };
        let page = PageOf {
            after: None,
            limit: i64::from(CLIENTS) + 1,
        };
        let mut clients = tx.member_rows(&search, &page).await?;
        let more_clients = cut(&mut clients, CLIENTS);
        let mut around = Self {
            workspace,
            workflows,
            clients: clients.into_iter().map(|row| row.member).collect(),
            more_workflows,
            more_clients,
        };
        around.keep_workflows(tx, fields).await?;
        around.keep_client(tx, fields).await?;
        let called = |client: &Member| match &client.name {
            Some(name) => name.to_string().to_lowercase(),
            None => client.email.to_string(),
        };
        around.clients.sort_by_cached_key(called);
        Ok(Some(around))
    }

    /// Those of chosen slots, and the one that was linked to, whatever is looked for.
    async fn keep_workflows(&mut self, tx: &mut Tx, fields: &Query) -> Result<(), StoreError> {
        let linked = fields.typed("workflow").parse().ok();
        let mut kept: Vec<WorkflowId> = linked.into_iter().collect();
        let slots = fields.names_after(SLOT).filter_map(|id| id.parse().ok());
        for slot in slots.take(MAX_ITEMS) {
            kept.extend(tx.workflow_of_slot(&slot).await?);
        }
        for id in kept {
            if self.workflows.iter().any(|known| known.id == id) {
                continue;
            }
            let workflow = tx.workflow(&id).await?;
            let here = workflow.filter(|workflow| workflow.workspace_id == self.workspace.id);
            self.workflows.extend(here);
        }
        Ok(())
    }

    async fn keep_client(&mut self, tx: &mut Tx, fields: &Query) -> Result<(), StoreError> {
        let Ok(id) = fields.typed("member").parse::<MemberId>() else {
            return Ok(());
        };
        if !self.clients.iter().any(|known| known.id == id) {
            let here = Some(&self.workspace.id);
            let member = tx.member(&id).await?;
            let client = member.filter(|member| member.workspace_id.as_ref() == here);
            self.clients.extend(client);
        }
        Ok(())
    }
}

impl Draft {
    /// Everything that is missing is chosen: of this workflow, or of all.
    pub fn blank(around: &Around, workflow: &str) -> Self {
        let wanted = |of: &&Workflow| workflow.is_empty() || of.id.as_str() == workflow;
        let wanted = around.workflows.iter().filter(wanted);
        let missing = wanted
            .flat_map(|workflow| &workflow.slots)
            .filter(|slot| slot.lacks().is_some());
        let mut blank = Self::of(&Query::default());
        let missing = missing.map(|slot| slot.id.to_string());
        blank.slots = missing.take(MAX_ITEMS).collect();
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
            find_workflow: text("find_workflow"),
            find_person: text("find_person"),
            wrong: None,
        }
    }

    /// None: something is wrong, and the draft says what.
    pub fn request(&mut self, around: &Around) -> Option<NewRequest> {
        let asked = self.asked(around);
        self.to(asked, around)
    }

    /// For a preview: whoever is asked may not be typed yet. Or what is wrong.
    pub fn sample(mut self, around: &Around) -> Result<NewRequest, String> {
        let somebody = || {
            let email: Email = SOMEBODY.parse().ok()?;
            Some(Recipient { email, name: None }.into())
        };
        let asked = self.asked(around).or_else(somebody);
        let new = self.to(asked, around);
        new.ok_or_else(|| {
            let wrong = self.slots_wrong.or(self.note.error).or(self.wrong);
            wrong.unwrap_or_else(|| "Something in the form is not right yet.".to_owned())
        })
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
        if self.slots.len() > MAX_ITEMS {
            self.slots_wrong = Some(format!("Choose at most {MAX_ITEMS} apps."));
        }
        let note = self.note.read_if_any();
        let language = match &*self.language {
            "" => Some(None),
            tag => tag.parse().ok().map(Some),
        };
        Some(NewRequest {
            workspace_id: around.workspace.id.clone(),
            asked: asked?,
            note: note?,
            language: language?,
            lifetime: lifetime?,
            reminders: (!self.reminders).then_some(ReminderPlan::NONE),
            slots,
        })
        .filter(|_| self.slots_wrong.is_none())
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
