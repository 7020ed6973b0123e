//! The page to open first: what the demo is, what to try, and how far the sample handoff is.

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use minijinja::{Environment, context};

use super::{
    api::Api,
    keep::Sample,
    mailbox::Mailbox,
    seed::{CLIENT, OWNER},
};

/// What the guide shows and asks.
#[derive(Clone)]
pub struct Guide {
    pub api: Api,
    pub sample: Sample,
    pub mailbox: String,
    pub mails: Mailbox,
    pub provider: String,
    pub agency: String,
    pub folder: String,
}

const POLICY: &str = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

pub fn router(guide: Guide) -> Router {
    Router::new()
        .route("/", get(show))
        .route("/guide.css", get(style))
        .with_state(guide)
}

async fn style() -> Response {
    (
        [(header::CONTENT_TYPE, "text/css; charset=utf-8")],
        include_str!("guide.css"),
    )
        .into_response()
}

async fn show(State(guide): State<Guide>) -> Response {
    let request = guide
        .api
        .get(&format!("/requests/{}", guide.sample.request_id))
        .await
        .unwrap_or_default();
    let gate = guide
        .api
        .get(&format!("/workflows/{}/gate", guide.sample.workflow_id))
        .await
        .unwrap_or_default();
    let items = request["items"].as_array().cloned().unwrap_or_default();
    let connection = items.iter().find_map(|item| item["connection_id"].as_str());
    let page = context! {
        latest => guide.mails.mails().first().map(|mail| format!("{}/mails/{}", guide.mailbox, mail.id)),
        mailbox => guide.mailbox,
        provider => guide.provider,
        agency => &guide.agency,
        owner => OWNER,
        client => CLIENT,
        workspace => request["workspace_id"].as_str(),
        api => format!("{}/api/v1", guide.agency),
        key => guide.sample.api_key,
        workflow => guide.sample.workflow_id,
        request_id => guide.sample.request_id,
        connection => connection,
        status => request["status"].as_str(),
        fulfilled => request["fulfilled"].as_i64().unwrap_or(0),
        total => request["total"].as_i64().unwrap_or(0),
        gate => gate["state"].as_str(),
        folder => guide.folder,
    };
    match render(page) {
        Ok(html) => ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(html)).into_response(),
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the guide cannot be shown"
            );
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn render(page: minijinja::Value) -> Result<String, minijinja::Error> {
    let mut templates = Environment::new();
    templates.add_template("guide.html", include_str!("guide.html"))?;
    templates.get_template("guide.html")?.render(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_renders_before_and_after_the_first_connection() {
        let values = |connection: Option<&str>| {
            context! { mailbox => "http://m", latest => "http://m/mails/1", provider => "http://p", agency => "http://a", api => "http://a/api/v1", owner => OWNER, client => CLIENT, workspace => "wsp_1", key => "lk_x", workflow => "wfl_1",
            request_id => "req_1", connection, status => "sent", fulfilled => 0, total => 2, gate => "waiting", folder => "f" }
        };
        let before = render(values(None)).unwrap();
        assert!(
            before.contains("0 of 2 connected") && !before.contains("access-token"),
            "{before}"
        );
        let entries = ["As the agency’s owner", "As a client with an account"];
        let ways = [
            "/sign-in\">",
            "/people/invite?role=client&amp;workspace=wsp_1\">",
        ];
        for words in entries.iter().chain(&ways).chain(&[OWNER, CLIENT]) {
            assert!(before.contains(words), "{words}: {before}");
        }
        let after = render(values(Some("con_1"))).unwrap();
        assert!(after.contains("/connections/con_1/access-token"));
    }
}
