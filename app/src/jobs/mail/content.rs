use latchkey_tenants::{
    Agency, GateState, Item, ItemStatus, MailKind, ReminderStep, Request, RequestId, RequestStatus,
    StoreError, Timestamp, Tx, WorkflowId, WorkspaceId, store::Mail,
};
use latchkey_themes::{
    Words,
    mail::{
        self as themed, AllConnectedMail, AllDoneMail, AppFailedMail, AppFault, CancelledMail,
        ForwardedMail, MailApp, MailUndeliverableMail, ReminderMail, RequestMail,
    },
};
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::{connections, domains, people};
use crate::{link::permissions, portal, urls::Urls};

/// What to do with a mail.
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time, and nearly always the large one"
)]
pub(super) enum Letter {
    Write {
        to_name: Option<String>,
        mail: themed::Mail,
    },
    /// It is not worth sending any more.
    Skip(&'static str),
}

pub(super) const LINK_DEAD: Letter = Letter::Skip("its link was replaced or ended first");
pub(super) const CAUSE_GONE: Letter = Letter::Skip("what it is about is gone");

/// Reads what the mail says, as it is now. `locale` is the language that it will be written in.
pub(super) async fn letter(
    tx: &mut Tx,
    urls: &Urls,
    agency: &Agency,
    mail: &Mail,
    locale: &str,
) -> Result<Letter, StoreError> {
    if let Some(letter) = people::letter(tx, urls, agency, mail).await? {
        return Ok(letter);
    }
    let origin = urls.origin(&urls.agency_host(agency));
    match mail.kind {
        MailKind::DomainLive | MailKind::DomainDrifted => domains::letter(tx, &origin, mail).await,
        MailKind::ReconnectNeeded | MailKind::Revoked => {
            connections::letter(tx, &origin, mail).await
        }
        _ => {
            let Some(request) = request(tx, mail).await? else {
                return Ok(CAUSE_GONE);
            };
            match mail.kind {
                MailKind::Cancelled => cancelled(tx, &request).await,
                MailKind::AllDone => all_done(tx, &origin, &request).await,
                MailKind::AllConnected => all_connected(tx, &origin, &request).await,
                MailKind::AppFailed => app_failed(tx, &origin, &request, mail).await,
                MailKind::MailUndeliverable => undeliverable(tx, &origin, &request, mail).await,
                MailKind::Request
                | MailKind::FreshLink
                | MailKind::LinkReplaced
                | MailKind::Reminder
                | MailKind::LastCall
                | MailKind::Forwarded => link(tx, urls, agency, &request, mail, locale).await,
                _ => Ok(CAUSE_GONE),
            }
        }
    }
}

async fn request(tx: &mut Tx, mail: &Mail) -> Result<Option<Request>, StoreError> {
    let named = || field(mail, "request_id").parse::<RequestId>().ok();
    match mail.request_id.clone().or_else(named) {
        Some(id) => tx.request(&id).await,
        None => Ok(None),
    }
}

/// What the mail asks for and is still open: all of the request, or the one item that was forwarded.
fn still_asked<'a>(request: &'a Request, mail: &Mail) -> Vec<&'a Item> {
    let only = field(mail, "item_id");
    request
        .items
        .iter()
        .filter(|item| item.status.is_open() && (only.is_empty() || item.id.as_str() == only))
        .collect()
}

async fn link(
    tx: &mut Tx,
    urls: &Urls,
    agency: &Agency,
    request: &Request,
    mail: &Mail,
    locale: &str,
) -> Result<Letter, StoreError> {
    let origin = urls.origin(&urls.agency_host(agency));
    let link = match &mail.secret {
        Some(secret) if tx.link_lives(secret).await? => {
            urls.link(&urls.agency_host(agency), secret)
        }
        // It is in their inbox.
        None if request.member_id.is_some() => format!("{origin}{}", portal::CONNECTIONS).into(),
        _ => return Ok(LINK_DEAD),
    };
    let open = request.status_at(tx.now()) == RequestStatus::Sent && request.has_open_item();
    let Some(expires_at) = request.expires_at.filter(|_| open) else {
        return Ok(LINK_DEAD);
    };
    let items = still_asked(request, mail);
    if items.is_empty() {
        return Ok(LINK_DEAD);
    }
    let to_name = recipient_name(request).filter(|_| mail.kind != MailKind::Forwarded);
    let context = RequestMail {
        recipient_name: to_name.clone(),
        ..request_mail(
            tx,
            request,
            &items,
            link.expose_secret(),
            expires_at,
            locale,
        )
        .await?
    };
    Ok(Letter::Write {
        to_name,
        mail: match mail.kind {
            MailKind::Forwarded => themed::Mail::Forwarded(ForwardedMail {
                by: forwarder(request, mail),
                request: context,
            }),
            MailKind::FreshLink => themed::Mail::FreshLink(context),
            MailKind::LinkReplaced => themed::Mail::LinkReplaced(context),
            MailKind::Reminder | MailKind::LastCall => {
                let reminder = ReminderMail {
                    nth: if field(mail, "step") == ReminderStep::Second.as_str() {
                        2
                    } else {
                        1
                    },
                    connected: app_names(tx, request, ItemStatus::Fulfilled).await?,
                    unsubscribe_url: unsubscribe(urls, agency, mail).unwrap_or_default(),
                    request: context,
                };
                match mail.kind {
                    MailKind::LastCall => themed::Mail::LastCall(reminder),
                    _ => themed::Mail::Reminder(reminder),
                }
            }
            _ => themed::Mail::Request(context),
        },
    })
}

/// What a mail says that asks for these items of a request.
pub(crate) async fn request_mail(
    tx: &mut Tx,
    request: &Request,
    items: &[&Item],
    link: &str,
    expires_at: Timestamp,
    locale: &str,
) -> Result<RequestMail, StoreError> {
    let mut apps = Vec::with_capacity(items.len());
    for item in items {
        apps.push(mail_app(tx, item, locale).await?);
    }
    Ok(RequestMail {
        recipient_name: recipient_name(request),
        apps,
        note: request.note.as_ref().map(ToString::to_string),
        link: link.to_owned(),
        expires_at: expires_at.date_time(),
        workspace: workspace_name(tx, &request.workspace_id).await?,
        workflows: workflow_names(tx, &workflows_of(items), None).await?,
    })
}

/// By name, if it is who the request was sent to.
fn forwarder(request: &Request, mail: &Mail) -> String {
    let by = field(mail, "by");
    let own = request.recipient.email.as_str() == by;
    recipient_name(request)
        .filter(|_| own)
        .unwrap_or_else(|| by.to_owned())
}

/// Where the owner of the address refuses reminders.
fn unsubscribe(urls: &Urls, agency: &Agency, mail: &Mail) -> Option<String> {
    let token = mail.token.as_deref()?;
    Some(urls.unsubscribe(&urls.agency_host(agency), token))
}

async fn cancelled(tx: &mut Tx, request: &Request) -> Result<Letter, StoreError> {
    let context = CancelledMail {
        recipient_name: recipient_name(request),
        apps: app_names(tx, request, ItemStatus::Cancelled).await?,
        workspace: workspace_name(tx, &request.workspace_id).await?,
    };
    Ok(Letter::Write {
        to_name: recipient_name(request),
        mail: themed::Mail::Cancelled(context),
    })
}

async fn all_done(tx: &mut Tx, origin: &str, request: &Request) -> Result<Letter, StoreError> {
    let connections = match request.member_id {
        Some(_) => portal::CONNECTIONS,
        None => portal::OWN,
    };
    let items: Vec<&Item> = request.items.iter().collect();
    let context = AllDoneMail {
        recipient_name: recipient_name(request),
        apps: app_names(tx, request, ItemStatus::Fulfilled).await?,
        workspace: workspace_name(tx, &request.workspace_id).await?,
        workflows: workflow_names(tx, &workflows_of(&items), Some(GateState::Open)).await?,
        connections_url: format!("{origin}{connections}"),
    };
    // It was revoked again meanwhile.
    if context.apps.is_empty() {
        return Ok(CAUSE_GONE);
    }
    Ok(Letter::Write {
        to_name: recipient_name(request),
        mail: themed::Mail::AllDone(context),
    })
}

async fn all_connected(tx: &mut Tx, origin: &str, request: &Request) -> Result<Letter, StoreError> {
    let items: Vec<&Item> = request.items.iter().collect();
    let context = AllConnectedMail {
        client: client(request),
        workspace: workspace_name(tx, &request.workspace_id).await?,
        apps: app_names(tx, request, ItemStatus::Fulfilled).await?,
        workflows: workflow_names(tx, &workflows_of(&items), Some(GateState::Open)).await?,
        console_url: format!("{origin}/dashboard/requests/{}", request.id),
    };
    // It was revoked again meanwhile.
    if context.apps.is_empty() {
        return Ok(CAUSE_GONE);
    }
    Ok(to_agency(themed::Mail::AllConnected(context)))
}

async fn app_failed(
    tx: &mut Tx,
    origin: &str,
    request: &Request,
    mail: &Mail,
) -> Result<Letter, StoreError> {
    let slug = field(mail, "app");
    let context = AppFailedMail {
        app: app_name(tx, slug).await?,
        client: client(request),
        workspace: workspace_name(tx, &request.workspace_id).await?,
        // One that was queued by a version without faults.
        fault: AppFault::deserialize(&mail.data["fault"]).unwrap_or(AppFault::Refused),
        redirect_uri: field(mail, "redirect_uri").to_owned(),
        console_url: format!("{origin}/dashboard/apps/{slug}"),
    };
    Ok(to_agency(themed::Mail::AppFailed(context)))
}

async fn undeliverable(
    tx: &mut Tx,
    origin: &str,
    request: &Request,
    mail: &Mail,
) -> Result<Letter, StoreError> {
    let mut apps = Vec::with_capacity(request.items.len());
    for item in &request.items {
        apps.push(app_name(tx, &item.app).await?);
    }
    let detail = field(mail, "detail");
    let context = MailUndeliverableMail {
        client: client(request),
        address: field(mail, "recipient").to_owned(),
        apps,
        reason: (!detail.is_empty()).then(|| detail.to_owned()),
        console_url: format!("{origin}/dashboard/requests/{}", request.id),
    };
    Ok(to_agency(themed::Mail::MailUndeliverable(context)))
}

pub(super) fn to_agency(mail: themed::Mail) -> Letter {
    Letter::Write {
        to_name: None,
        mail,
    }
}

pub(super) fn field<'a>(mail: &'a Mail, name: &str) -> &'a str {
    mail.data
        .get(name)
        .and_then(|value| value.as_str())
        .unwrap_or_default()
}

fn recipient_name(request: &Request) -> Option<String> {
    request.recipient.name.as_ref().map(ToString::to_string)
}

/// The client as staff know them.
fn client(request: &Request) -> String {
    recipient_name(request).unwrap_or_else(|| request.recipient.email.to_string())
}

async fn mail_app(tx: &mut Tx, item: &Item, locale: &str) -> Result<MailApp, StoreError> {
    let Some(app) = tx.app(&item.app).await? else {
        let id = |id: &String| Words {
            text: id.clone(),
            lang: None,
        };
        return Ok(MailApp {
            name: item.app.clone(),
            permissions: item.scopes.iter().map(id).collect(),
        });
    };
    Ok(MailApp {
        name: app.name.clone(),
        permissions: permissions(&app, &app.scopes_for(&item.scopes), locale),
    })
}

/// As people know the app; its slug, if it is gone.
pub(crate) async fn app_name(tx: &mut Tx, slug: &str) -> Result<String, StoreError> {
    let app = tx.app(slug).await?;
    Ok(app.map_or_else(|| slug.to_owned(), |app| app.name.clone()))
}

/// The apps of the items with this status.
pub(crate) async fn app_names(
    tx: &mut Tx,
    request: &Request,
    status: ItemStatus,
) -> Result<Vec<String>, StoreError> {
    let mut names = Vec::new();
    for item in request.items.iter().filter(|item| item.status == status) {
        names.push(app_name(tx, &item.app).await?);
    }
    Ok(names)
}

pub(super) async fn workspace_name(tx: &mut Tx, id: &WorkspaceId) -> Result<String, StoreError> {
    let workspace = tx.workspace(id).await?;
    Ok(workspace.map_or_else(String::new, |workspace| workspace.name.to_string()))
}

/// The workflows that wait for these items, each once.
fn workflows_of(items: &[&Item]) -> Vec<WorkflowId> {
    let mut ids = Vec::new();
    for slot in items.iter().flat_map(|item| &item.slots) {
        if !ids.contains(&slot.workflow_id) {
            ids.push(slot.workflow_id.clone());
        }
    }
    ids
}

/// Their names, of those whose gate is in this state.
pub(super) async fn workflow_names(
    tx: &mut Tx,
    ids: &[WorkflowId],
    gate: Option<GateState>,
) -> Result<Vec<String>, StoreError> {
    let mut names = Vec::new();
    for id in ids {
        if let Some(workflow) = tx.workflow(id).await?
            && gate.is_none_or(|state| workflow.gate.state == state)
        {
            names.push(workflow.name.to_string());
        }
    }
    Ok(names)
}
