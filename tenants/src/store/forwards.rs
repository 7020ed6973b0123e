//! One app of a request, handed on by the client to a colleague who can connect it.

use super::{
    NewMail, StoreError, Tx,
    statement::{args, statements},
};
use crate::{
    ActionError, EventType, ItemId, MailKind, NewEvent, RequestId, RequestStatus, Timestamp,
    secret::{LINK_PREFIX, new_secret, secret_hash},
    values::Email,
};

statements! {
    ADD = "insert into links (hash, agency_id, request_id, created_at, item_id, email, forwarded_by) values ($2, $1, $3, $4, $5, $6, $7)";
    OF_REQUEST = "select item_id, email, forwarded_by, created_at from links where agency_id = $1 and request_id = $2 and item_id is not null order by created_at, email";
}

/// How often one app can be handed on.
pub const MAX_FORWARDS: usize = 3;

/// Who handed an app to whom.
#[derive(Clone, Debug)]
pub struct Forward {
    pub item_id: ItemId,
    pub to: Email,
    pub by: Email,
    pub at: Timestamp,
}

impl Tx {
    /// A link of its own for a colleague, by mail: it opens this app alone and is worth nothing when the app needs nobody any
    /// more.
    ///
    /// # Errors
    /// Conflicts `item_closed`, `forwarded_already`, when this address has been asked before, `forward_limit` and
    /// `workspace_suspended`.
    pub async fn item_forward(
        &mut self,
        item: &ItemId,
        by: &Email,
        to: &Email,
    ) -> Result<(), ActionError> {
        self.take_turn().await?;
        let request = self
            .request_of_item(item)
            .await?
            .ok_or(ActionError::NotFound("item"))?;
        request.check_runs()?;
        let mut items = request.items.iter();
        let open = items.any(|one| one.id == *item && one.status.is_open());
        if !open || request.status_at(self.now()) != RequestStatus::Sent {
            let message = "nobody waits for this app any more";
            return Err(ActionError::conflict("item_closed", message));
        }
        let mut before = self.forwards_of(&request.id).await?;
        before.retain(|forward| forward.item_id == *item);
        let asked = before.iter().any(|forward| forward.to.is_same(to));
        if asked || request.recipient.email.is_same(to) || by.is_same(to) {
            let message = "this address was asked for this app before";
            return Err(ActionError::conflict("forwarded_already", message));
        }
        if before.len() >= MAX_FORWARDS {
            let message = format!("an app can be forwarded {MAX_FORWARDS} times");
            return Err(ActionError::conflict("forward_limit", message));
        }
        self.forward_link(&request, item, by, to).await
    }

    async fn forward_link(
        &mut self,
        request: &crate::Request,
        item: &ItemId,
        by: &Email,
        to: &Email,
    ) -> Result<(), ActionError> {
        let secret = new_secret(LINK_PREFIX, &*self.entropy());
        let (agency, now) = (self.agency.clone(), self.now());
        let hash = secret_hash(&secret);
        self.inner
            .execute(ADD, args![&agency, &hash, &request.id, now, item, to, by])
            .await?;
        self.record(NewEvent {
            kind: EventType::ItemForwarded,
            actor: "recipient",
            subject: item.as_str(),
            data: serde_json::json!({ "request_id": request.id }),
        })
        .await?;
        self.mail_enqueue(NewMail {
            kind: MailKind::Forwarded,
            request_id: Some(&request.id),
            recipient: to,
            secret: Some((Some(&request.workspace_id), &secret)),
            data: serde_json::json!({ "item_id": item, "by": by }),
        })
        .await?;
        Ok(())
    }

    /// Oldest first.
    pub async fn forwards_of(&mut self, request: &RequestId) -> Result<Vec<Forward>, StoreError> {
        let agency = self.agency.clone();
        let rows = self.inner.all(OF_REQUEST, args![&agency, request]).await?;
        rows.iter()
            .map(|row| {
                Ok(Forward {
                    item_id: row.parsed("item_id")?,
                    to: row.parsed("email")?,
                    by: row.parsed("forwarded_by")?,
                    at: row.time("created_at")?,
                })
            })
            .collect()
    }
}
