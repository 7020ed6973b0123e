use std::time::Duration;

use super::{
    NewMail, PlatformTx, StoreError, Tx,
    statement::{args, statements},
};
use crate::{
    AgencyId, EventType, MailKind, NewEvent, ReminderPlan, ReminderStep, Request, RequestId,
    RequestStatus, SuppressionReason, SuppressionScope, Timestamp, store::Mail,
};

statements! {
    PLAN_OF = "select reminder_plan from requests where agency_id = $1 and id = $2";
    SET_PLAN = "update requests set reminder_plan = $3 where agency_id = $1 and id = $2";
    FORGET = "delete from reminders where agency_id = $1 and request_id = $2";
    ADD = "insert into reminders (agency_id, request_id, step, due_at) values ($1, $2, $3, $4)";
    OF_REQUEST = "select step, due_at, done_at from reminders where agency_id = $1 and request_id = $2 order by due_at";
    DONE = "update reminders set done_at = $4 where agency_id = $1 and request_id = $2 and step = $3 and done_at is null";
    DUE = "select agency_id, request_id, step from reminders where done_at is null and due_at <= $1 and not exists (select 1 from requests r join workspaces w on w.agency_id = r.agency_id and w.id = r.workspace_id where r.agency_id = reminders.agency_id and r.id = reminders.request_id and w.suspended_at is not null) order by due_at limit $2";
}

/// A mail that is to follow, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedReminder {
    pub step: ReminderStep,
    pub due_at: Timestamp,
    /// When it was sent, or found to be needless.
    pub done_at: Option<Timestamp>,
}

/// A reminder whose time has come.
#[derive(Clone, Debug)]
pub struct DueReminder {
    pub agency: AgencyId,
    pub request: RequestId,
    pub step: ReminderStep,
}

impl Tx {
    pub(super) async fn reminder_plan_put(
        &mut self,
        request: &RequestId,
        plan: Option<&ReminderPlan>,
    ) -> Result<(), StoreError> {
        let Some(plan) = plan else {
            return Ok(());
        };
        let agency = self.agency.clone();
        let text = serde_json::json!(plan).to_string();
        self.inner
            .execute(SET_PLAN, args![&agency, request, &text])
            .await?;
        Ok(())
    }

    /// None: nobody chose one, and the usual plan holds.
    pub(super) async fn reminder_plan(
        &mut self,
        request: &RequestId,
    ) -> Result<Option<ReminderPlan>, StoreError> {
        let agency = self.agency.clone();
        let row = self
            .inner
            .optional(PLAN_OF, args![&agency, request])
            .await?;
        let text = match row {
            Some(row) => row.optional_text("reminder_plan")?,
            None => None,
        };
        text.map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(|error| StoreError::corrupt("reminder_plan", error))
    }

    /// Plans the reminders of a request that is sent now, instead of those of an earlier sending.
    pub(super) async fn reminders_plan(&mut self, request: &Request) -> Result<(), StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let plan = self.reminder_plan(&request.id).await?;
        let plan = plan.unwrap_or_else(|| ReminderPlan::usual(request.lifetime));
        self.inner
            .execute(FORGET, args![&agency, &request.id])
            .await?;
        for (step, after) in plan.steps(request.lifetime) {
            let due = now.plus(Duration::from_secs(after));
            self.inner
                .execute(ADD, args![&agency, &request.id, step.as_str(), due])
                .await?;
        }
        Ok(())
    }

    /// In the order of their times.
    pub async fn reminders_of(
        &mut self,
        request: &RequestId,
    ) -> Result<Vec<PlannedReminder>, StoreError> {
        let agency = self.agency.clone();
        let rows = self.inner.all(OF_REQUEST, args![&agency, request]).await?;
        rows.iter()
            .map(|row| {
                Ok(PlannedReminder {
                    step: row.parsed("step")?,
                    due_at: row.time("due_at")?,
                    done_at: row.optional_time("done_at")?,
                })
            })
            .collect()
    }

    /// Sends a due reminder if somebody is still to be reminded. True: a mail was written. Doing it twice is doing it once.
    pub async fn reminder_send(
        &mut self,
        id: &RequestId,
        step: ReminderStep,
    ) -> Result<bool, StoreError> {
        self.take_turn().await?;
        let (agency, now) = (self.agency.clone(), self.now());
        // That of a suspended workspace waits.
        let request = self.request(id).await?;
        let Some(request) = request.filter(|request| request.suspended_at.is_none()) else {
            return Ok(false);
        };
        let done = args![&agency, id, step.as_str(), now];
        if self.inner.execute(DONE, done).await? == 0 {
            return Ok(false);
        }
        let open = request.status_at(now) == RequestStatus::Sent && request.has_open_item();
        let looked_at = request.opened_at.is_some() && step.stops_when_opened();
        let address = &request.recipient.email;
        let unwanted = self
            .suppression_of(address, SuppressionScope::Reminders)
            .await?
            .is_some();
        if !open || looked_at || unwanted || self.mail_last_refused(address).await? {
            return Ok(false);
        }
        let secret = match request.member_id {
            Some(_) => None,
            None => Some(self.link_add(id).await?),
        };
        let kind = match step {
            ReminderStep::First | ReminderStep::Second => MailKind::Reminder,
            ReminderStep::LastCall => MailKind::LastCall,
        };
        self.mail_enqueue(NewMail {
            kind,
            request_id: Some(id),
            recipient: address,
            secret: secret
                .as_ref()
                .map(|secret| (Some(&request.workspace_id), secret)),
            data: serde_json::json!({ "step": step }),
        })
        .await?;
        Ok(true)
    }

    /// The person wants no more reminders of this agency. Doing it twice is doing it once.
    pub async fn reminders_refuse(&mut self, mail: &Mail) -> Result<(), StoreError> {
        self.take_turn().await?;
        let scope = SuppressionScope::Reminders;
        let held = self.suppression_of(&mail.recipient, scope).await?;
        if held.is_some() {
            return Ok(());
        }
        let reason = SuppressionReason::Unsubscribed;
        self.suppress(&mail.recipient, scope, reason, None, &mail.id)
            .await?;
        let subject = mail
            .request_id
            .as_ref()
            .map_or(mail.id.as_str(), |id| id.as_str());
        self.record(NewEvent {
            kind: EventType::RecipientUnsubscribed,
            actor: "recipient",
            subject,
            data: serde_json::json!({ "mail_id": mail.id }),
        })
        .await?;
        Ok(())
    }
}

impl PlatformTx {
    /// The longest overdue first.
    pub async fn reminders_due(&mut self, limit: i64) -> Result<Vec<DueReminder>, StoreError> {
        let now = self.now();
        let rows = self.inner.all(DUE, args![now, limit]).await?;
        rows.iter()
            .map(|row| {
                Ok(DueReminder {
                    agency: row.parsed("agency_id")?,
                    request: row.parsed("request_id")?,
                    step: row.parsed("step")?,
                })
            })
            .collect()
    }
}
