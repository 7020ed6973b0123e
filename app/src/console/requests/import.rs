use axum::response::Response;
use serde::Serialize;

use super::{
    ROOT,
    table::{Plan, plans, read},
};
use crate::{
    console::{Desk, done},
    http::PageResult,
    person::{Uploaded, Work},
};

const TITLE: &str = "Import a table";
const TEMPLATE: &str = "requests/import.html";

#[derive(Default, Serialize)]
struct View {
    text: String,
    /// The file that it came from.
    file: Option<String>,
    wrong: Option<String>,
    lines: Vec<LineView>,
    good: usize,
    bad: usize,
}

#[derive(Serialize)]
struct LineView {
    number: u64,
    email: String,
    name: String,
    workspace: String,
    apps: String,
    wrong: Option<String>,
}

/// `GET /dashboard/requests/import`.
pub(super) async fn show(desk: Desk<Work>) -> PageResult {
    Ok(desk.show(TEMPLATE, TITLE, View::default()))
}

/// `POST /dashboard/requests/import`: what every line would lead to. Nothing is written.
pub(super) async fn look(sent: Uploaded<Desk<Work>>) -> PageResult {
    let desk = &sent.by;
    let file = sent.files.get("file");
    let text = match file {
        Some(file) => String::from_utf8_lossy(&file.bytes).into_owned(),
        None => sent.fields.typed("text").to_owned(),
    };
    let view = View {
        text,
        file: file.map(|file| file.name.clone()),
        ..View::default()
    };
    let lines = match read(&view.text) {
        Ok(lines) => lines,
        Err(wrong) => return Ok(refuse(desk, view, wrong)),
    };
    let mut tx = desk.read().await?;
    let plans = plans(&mut tx, lines).await?;
    drop(tx);
    Ok(desk.show(TEMPLATE, TITLE, planned(view, &plans)))
}

/// `POST /dashboard/requests/import/create`: every line; with `only_good`, those that can be.
pub(super) async fn create(sent: Uploaded<Desk<Work>>) -> PageResult {
    let (desk, fields) = (&sent.by, &sent.fields);
    let view = View {
        text: fields.typed("text").to_owned(),
        ..View::default()
    };
    let lines = match read(&view.text) {
        Ok(lines) => lines,
        Err(wrong) => return Ok(refuse(desk, view, wrong)),
    };
    let mut tx = desk.begin().await?;
    let plans = plans(&mut tx, lines).await?;
    let bad = plans.iter().any(|plan| plan.outcome.is_err());
    if bad && fields.get("only_good").is_none() {
        let wrong = "Some lines cannot be asked as they stand: nothing was created.".to_owned();
        return Ok(refuse(desk, planned(view, &plans), wrong));
    }
    let (sends, actor) = (fields.typed("do") == "send", desk.actor());
    let mut count = 0;
    for (new, _) in plans.into_iter().filter_map(|plan| plan.outcome.ok()) {
        let request = tx.request_create(new, &actor).await?;
        if sends {
            tx.request_send(&request.id, &actor).await?;
        }
        count += 1;
    }
    desk.commit(tx).await?;
    let requests = if count == 1 {
        "request is"
    } else {
        "requests are"
    };
    let state = if sends { "on the way" } else { "queued" };
    Ok(done(ROOT, &format!("{count} {requests} {state}.")))
}

fn refuse(desk: &Desk<Work>, view: View, wrong: String) -> Response {
    let view = View {
        wrong: Some(wrong),
        ..view
    };
    desk.refuse(TEMPLATE, TITLE, view)
}

fn planned(view: View, plans: &[Plan]) -> View {
    let bad = plans.iter().filter(|plan| plan.outcome.is_err()).count();
    let line = |plan: &Plan| LineView {
        number: plan.line.number,
        email: plan.line.email.clone(),
        name: plan.line.name.clone(),
        workspace: plan.line.workspace.clone(),
        apps: match &plan.outcome {
            Ok((_, apps)) => apps.join(", "),
            Err(_) => String::new(),
        },
        wrong: plan.outcome.as_ref().err().cloned(),
    };
    View {
        lines: plans.iter().map(line).collect(),
        good: plans.len() - bad,
        bad,
        ..view
    }
}
