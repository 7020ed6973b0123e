use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    middleware::map_response,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use latchkey_tenants::Timestamp;
use minijinja::{Environment, Value, context, value::Serde};
use serde_json::json;
use time::macros::format_description;

use super::{Mail, Mailbox};

/// Our own pages: the one style sheet and script come from our own addresses, a mail only into a sandboxed frame.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
     frame-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// A mail: no script, no form; pictures as in any mail program. Opened by itself it is sandboxed too.
const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data: http: https:; \
     form-action 'none'; frame-ancestors 'self'; \
     sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation";

/// The mailbox for its own host.
pub fn router(mailbox: Mailbox) -> Router {
    Router::new()
        .route("/", get(list))
        .route("/latest", get(latest))
        .route("/mails.json", get(list_json))
        .route("/mails/{id}", get(show))
        .route("/mails/{id}/html", get(html))
        .route("/mails/{id}/text", get(text))
        .route("/mails/{id}/raw", get(raw))
        .route("/mailbox.css", get(style))
        .route("/mailbox.js", get(script))
        .fallback(missing)
        .layer(map_response(harden))
        .with_state(mailbox)
}

async fn list(State(mailbox): State<Mailbox>) -> Response {
    let mails = mailbox.mails();
    let rows: Vec<Value> = mails.iter().map(|mail| summary(mail)).collect();
    let context = context! { mails => rows, latest => latest_id(&mails) };
    page(
        StatusCode::OK,
        "list.html",
        include_str!("list.html"),
        context,
    )
}

/// The id of the newest mail as text; the list asks for it and reloads when it changes.
async fn latest(State(mailbox): State<Mailbox>) -> String {
    latest_id(&mailbox.mails()).to_owned()
}

/// The list for programs: scripts and tests that walk the demo.
async fn list_json(State(mailbox): State<Mailbox>) -> Response {
    let mails: Vec<_> = mailbox
        .mails()
        .iter()
        .map(|mail| {
            json!({
                "id": mail.id,
                "to": mail.to,
                "from": mail.from,
                "subject": mail.subject,
                "received_at": mail.received_at,
            })
        })
        .collect();
    Json(json!({ "data": mails })).into_response()
}

async fn show(State(mailbox): State<Mailbox>, Path(id): Path<String>) -> Response {
    let Some(mail) = mailbox.mail(&id) else {
        return missing().await;
    };
    let context = context! {
        mail => summary(&mail),
        html => mail.html.is_some(),
        text => mail.text.as_str(),
        headers => Serde(&mail.headers),
    };
    page(
        StatusCode::OK,
        "mail.html",
        include_str!("mail.html"),
        context,
    )
}

async fn html(State(mailbox): State<Mailbox>, Path(id): Path<String>) -> Response {
    let mail = mailbox.mail(&id);
    let Some(html) = mail.as_deref().and_then(|mail| mail.html.as_deref()) else {
        return missing().await;
    };
    let policy = [(header::CONTENT_SECURITY_POLICY, MAIL_POLICY)];
    (policy, Html(with_links_beside(html))).into_response()
}

async fn text(State(mailbox): State<Mailbox>, Path(id): Path<String>) -> Response {
    match mailbox.mail(&id) {
        Some(mail) => mail.text.clone().into_response(),
        None => missing().await,
    }
}

async fn raw(State(mailbox): State<Mailbox>, Path(id): Path<String>) -> Response {
    let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    match mailbox.mail(&id) {
        Some(mail) => (plain, mail.raw.clone()).into_response(),
        None => missing().await,
    }
}

async fn style() -> Response {
    let kind = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
    (kind, include_str!("mailbox.css")).into_response()
}

async fn script() -> Response {
    let kind = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")];
    (kind, include_str!("mailbox.js")).into_response()
}

async fn missing() -> Response {
    let source = include_str!("missing.html");
    page(StatusCode::NOT_FOUND, "missing.html", source, context! {})
}

/// Mails hold link secrets, so nothing is kept by the browser and no address is told to anyone.
async fn harden(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(PAGE_POLICY));
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn page(status: StatusCode, name: &str, source: &str, context: Value) -> Response {
    match render(name, source, context) {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page of the mailbox could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The `.html` in the name turns escaping on.
fn render(name: &str, source: &str, context: Value) -> Result<String, minijinja::Error> {
    let mut templates = Environment::new();
    templates.add_template("base.html", include_str!("base.html"))?;
    templates.render_named_str(name, source, context)
}

fn summary(mail: &Mail) -> Value {
    context! {
        id => mail.id.as_str(),
        to => mail.to.join(", "),
        from => mail.from.as_str(),
        subject => mail.subject.as_str(),
        time => mail.received_at.to_string(),
        shown_time => for_people(mail.received_at),
    }
}

fn for_people(moment: Timestamp) -> String {
    let format = format_description!(
        "[day padding:none] [month repr:short] [year], [hour]:[minute]:[second] UTC"
    );
    moment
        .date_time()
        .format(format)
        .unwrap_or_else(|_| moment.to_string())
}

fn latest_id(mails: &[Arc<Mail>]) -> &str {
    mails.first().map_or("none", |mail| &mail.id)
}

/// Links open a tab of their own, as in a mail program. The first `<base>` with a target wins, so ours goes before all that the mail brings.
fn with_links_beside(html: &str) -> String {
    const BASE: &str = "<base target=\"_blank\">";
    let lower = html.to_ascii_lowercase();
    let after_head = ["<head>", "<head "]
        .iter()
        .filter_map(|tag| lower.find(tag))
        .min()
        .and_then(|start| Some(start + lower[start..].find('>')? + 1));
    let (before, after) = html.split_at(after_head.unwrap_or(0));
    format!("{before}{BASE}{after}")
}
