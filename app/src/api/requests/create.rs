use std::borrow::Cow;

use axum::{Json, http::StatusCode};
use latchkey_tenants::{
    Asked, Lifetime, MAX_ITEMS, MemberId, NewRequest, Recipient, ReminderPlan, SlotId, SlotRef,
    WorkflowId, WorkspaceId,
    values::{Email, Language, Name, Note},
};
use serde::Deserialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema, schema::OneOfBuilder},
};

use super::{
    super::{
        auth::{Caller, RequestsWrite},
        body::Body,
        problem::Problem,
        schema,
    },
    view::RequestView,
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({
    "workspace_id": "wsp_01kc76xp00hezapqm44qap4thw", "recipient": {"email": "jo@globex.example", "name": "Jo"},
    "items": [{"workflow_id": "wfl_01kc76xp00hezapqm44qap4thw", "slot_id": "slt_01kc76xp00hezapqm44qap4thw"}],
    "note": "For your Monday report", "send": true,
})))]
pub(super) struct CreateRequest {
    #[schema(value_type = schema::WorkspaceId)]
    workspace_id: WorkspaceId,
    /// Who is asked by a link in a mail.
    recipient: Option<CreateRecipient>,
    /// The portal member in whose inbox it goes: a client of this workspace.
    #[schema(value_type = Option<schema::MemberId>)]
    member_id: Option<MemberId>,
    /// The slots to fill. Slots of the same app become one item, asked for once.
    #[schema(min_items = 1, max_items = 50)]
    items: Vec<CreateItem>,
    /// Shown to the client.
    #[schema(value_type = Option<schema::Note>)]
    note: Option<Note>,
    /// Of its pages and mails. If nothing is said: what the client's browser asks for, else the agency's own.
    #[schema(value_type = Option<schema::Language>)]
    language: Option<Language>,
    /// 7 days if nothing is said; 4 hours in an inbox.
    #[schema(value_type = Option<schema::Lifetime>)]
    expires_in: Option<u64>,
    /// The usual plan if nothing is said.
    #[schema(value_type = Option<schema::Reminders>)]
    reminders: Option<Reminders>,
    #[schema(value_type = Option<schema::LastCall>)]
    last_call: Option<LastCall>,
    /// Send it at once; else it is queued.
    #[serde(default)]
    send: bool,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "true, false or up to two numbers of seconds after the sending are expected"
)]
enum Reminders {
    Wanted(bool),
    After(Vec<u64>),
}

#[derive(Clone, Copy, Deserialize)]
#[serde(
    untagged,
    expecting = "true, false or a number of seconds before the end is expected"
)]
enum LastCall {
    Wanted(bool),
    Before(u64),
}

/// [`CreateRequest`] in the description, where either a recipient or a member is named.
pub(super) struct OneIsAsked;

impl PartialSchema for OneIsAsked {
    fn schema() -> RefOr<Schema> {
        let mut ways = OneOfBuilder::new();
        for (named, other) in [("recipient", "member_id"), ("member_id", "recipient")] {
            let RefOr::T(Schema::Object(mut way)) = CreateRequest::schema() else {
                continue;
            };
            way.properties.remove(other);
            if let Some(RefOr::T(Schema::OneOf(choice))) = way.properties.remove(named) {
                // The other choice is null.
                way.properties.extend(
                    choice
                        .items
                        .into_iter()
                        .take(1)
                        .map(|it| (named.to_owned(), it)),
                );
            }
            way.required.push(named.to_owned());
            ways = ways.examples(std::mem::take(&mut way.examples)).item(way);
        }
        ways.into()
    }
}

impl ToSchema for OneIsAsked {
    fn name() -> Cow<'static, str> {
        CreateRequest::name()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        CreateRequest::schemas(schemas);
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateRecipient {
    #[schema(value_type = schema::Email)]
    email: Email,
    #[schema(value_type = Option<schema::Name>)]
    name: Option<Name>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateItem {
    /// Of the same workspace.
    #[schema(value_type = schema::WorkflowId)]
    workflow_id: WorkflowId,
    #[schema(value_type = schema::SlotId)]
    slot_id: SlotId,
}

/// Create a request
///
/// Asks one person for the apps of the named slots: by a link, which is only in the mail, or in the inbox of their portal.
#[utoipa::path(
    post,
    path = "/requests",
    tag = "Requests",
    request_body = OneIsAsked,
    responses(
        (status = 201, description = "The new request, queued or sent.", body = RequestView),
        (status = 409, description = "`workspace_suspended`: resume the workspace first."),
    ),
    security(("api_key" = ["requests:write"])),
)]
pub(super) async fn create_request(
    caller: Caller<RequestsWrite>,
    Body(create): Body<CreateRequest>,
) -> Result<(StatusCode, Json<RequestView>), Problem> {
    let send = create.send;
    let new = create.parse()?;
    let mut tx = caller.begin().await?;
    let mut request = tx.request_create(new, &caller.actor).await?;
    if send {
        request = tx.request_send(&request.id, &caller.actor).await?;
    }
    caller.commit(tx).await?;
    let view = RequestView::at(request, caller.platform.now());
    Ok((StatusCode::CREATED, Json(view)))
}

impl CreateRequest {
    fn parse(self) -> Result<NewRequest, Problem> {
        let asked = match (self.recipient, self.member_id) {
            (Some(CreateRecipient { email, name }), None) => Recipient { email, name }.into(),
            (None, Some(id)) => Asked::Member(id),
            (None, None) => {
                let detail = "name a recipient or a member: one of the two is required";
                return Err(Problem::refused_at("/recipient", detail));
            }
            (Some(_), Some(_)) => {
                let detail = "name a recipient or a member, not both";
                return Err(Problem::refused_at("/member_id", detail));
            }
        };
        if self.items.is_empty() || self.items.len() > MAX_ITEMS {
            let detail = format!("1 to {MAX_ITEMS} items are expected");
            return Err(Problem::refused_at("/items", detail));
        }
        let lifetime = match self.expires_in {
            Some(seconds) => Lifetime::from_seconds(seconds)
                .map_err(|error| Problem::refused_at("/expires_in", error.to_string()))?,
            None => asked.usual_lifetime(),
        };
        let reminders = plan(self.reminders, self.last_call, lifetime)?;
        let slots = self.items.into_iter().map(|item| SlotRef {
            workflow_id: item.workflow_id,
            slot_id: item.slot_id,
        });
        Ok(NewRequest {
            workspace_id: self.workspace_id,
            asked,
            note: self.note,
            language: self.language,
            lifetime,
            reminders,
            slots: slots.collect(),
        })
    }
}

/// None: nothing was said, and the usual plan holds.
fn plan(
    reminders: Option<Reminders>,
    last_call: Option<LastCall>,
    lifetime: Lifetime,
) -> Result<Option<ReminderPlan>, Problem> {
    if reminders.is_none() && last_call.is_none() {
        return Ok(None);
    }
    let usual = ReminderPlan::usual(lifetime);
    let none = matches!(reminders, Some(Reminders::Wanted(false)));
    let after = match reminders {
        Some(Reminders::After(after)) => after,
        Some(Reminders::Wanted(false)) => Vec::new(),
        Some(Reminders::Wanted(true)) | None => usual.after,
    };
    let last_call = match last_call {
        Some(LastCall::Before(before)) => Some(before),
        Some(LastCall::Wanted(false)) => None,
        None if none => None,
        Some(LastCall::Wanted(true)) | None => usual.last_call,
    };
    let plan = ReminderPlan { after, last_call };
    let fitting = plan.fitting(lifetime);
    let refused = |error| Problem::refused_at("/reminders", format!("{error}"));
    fitting.map(Some).map_err(refused)
}
