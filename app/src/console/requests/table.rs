//! A table of people to ask, as a spreadsheet writes it (RFC 4180, and what else spreadsheets write).

use std::{collections::HashMap, str::FromStr};

use latchkey_tenants::{
    ActionError, Lifetime, NewRequest, Recipient, SlotRef, Tx, Workflow, Workspace,
    values::{Email, Name, Note, Refused},
};

use crate::{
    console::{names::Names, typed::refusal},
    failure::sentence,
    http::PageError,
};

/// Bytes of a table: it goes back and forth with the form.
const LONGEST: usize = 100 * 1024;
const MOST_LINES: usize = 200;
const MOST_WORKFLOWS: i64 = 1_000;

/// A line of the table.
#[derive(Default)]
pub(super) struct Line {
    /// As an editor counts them.
    pub number: u64,
    pub email: String,
    pub name: String,
    pub workspace: String,
    pub note: String,
    /// Name or external id; empty: every workflow of the workspace.
    pub workflow: String,
}

/// What a line leads to.
pub(super) struct Plan {
    pub line: Line,
    /// The request and the names of its apps; or why there is none, as a sentence.
    pub outcome: Result<(NewRequest, Vec<String>), String>,
}

/// # Errors
/// A sentence that says what is wrong with the table as a whole.
pub(super) fn read(text: &str) -> Result<Vec<Line>, String> {
    // With these the reader counts lines one too few.
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    if text.len() > LONGEST {
        return Err("The table is too long: 100 kB are read at once.".to_owned());
    }
    let head = text.lines().next().unwrap_or_default();
    let delimiter = [b'\t', b';', b',']
        .into_iter()
        .max_by_key(|sign| head.bytes().filter(|byte| byte == sign).count());
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter.unwrap_or(b','))
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let unread = |error: csv::Error| sentence(&error.to_string());
    let head = reader.headers().map_err(unread)?.clone();
    let column = |names: &[&str]| {
        head.iter()
            .position(|head| names.contains(&head.to_lowercase().as_str()))
    };
    let (Some(email), Some(workspace)) = (column(&["email", "e-mail"]), column(&["workspace"]))
    else {
        return Err(
            "The first line names the columns: email and workspace are needed; name, note and workflow may follow."
                .to_owned(),
        );
    };
    let (name, note, workflow) = (column(&["name"]), column(&["note"]), column(&["workflow"]));
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.map_err(unread)?;
        let text = |at: Option<usize>| {
            let text = at.and_then(|at| record.get(at));
            text.unwrap_or_default().to_owned()
        };
        if lines.len() == MOST_LINES {
            return Err(format!("At most {MOST_LINES} people are asked at once."));
        }
        lines.push(Line {
            number: record.position().map_or(0, csv::Position::line),
            email: text(Some(email)),
            workspace: text(Some(workspace)),
            name: text(name),
            note: text(note),
            workflow: text(workflow),
        });
    }
    if lines.is_empty() {
        return Err("The table has no line below its first one.".to_owned());
    }
    Ok(lines)
}

/// Looks at every line; nothing is written.
pub(super) async fn plans(tx: &mut Tx, lines: Vec<Line>) -> Result<Vec<Plan>, PageError> {
    let mut planner = Planner::default();
    let mut plans = Vec::with_capacity(lines.len());
    for line in lines {
        let outcome = match planner.plan(tx, &line).await {
            Ok(planned) => Ok(planned),
            Err(error) => Err(refusal(error)?),
        };
        plans.push(Plan { line, outcome });
    }
    Ok(plans)
}

/// Reads each workspace once.
#[derive(Default)]
struct Planner {
    known: HashMap<String, (Workspace, Vec<Workflow>)>,
    names: Names,
    seen: HashMap<(String, String, String), u64>,
}

impl Planner {
    async fn plan(
        &mut self,
        tx: &mut Tx,
        line: &Line,
    ) -> Result<(NewRequest, Vec<String>), ActionError> {
        let email: Email = line.email.parse().map_err(refused)?;
        let name: Option<Name> = optional(&line.name)?;
        let note: Option<Note> = optional(&line.note)?;
        let (workspace, workflows) = self.workspace(tx, &line.workspace).await?;
        let slots = missing(workflows, &line.workflow)?;
        let person = (
            email.to_string().to_lowercase(),
            workspace.id.to_string(),
            line.workflow.to_lowercase(),
        );
        let new = NewRequest {
            workspace_id: workspace.id.clone(),
            asked: Recipient { email, name }.into(),
            note,
            language: None,
            lifetime: Lifetime::MAILED,
            reminders: None,
            slots,
        };
        if let Some(before) = self.seen.insert(person, line.number) {
            let why = format!("this person is asked in line {before} already");
            return Err(ActionError::invalid("email", why));
        }
        let draft = tx.request_draft(new.clone()).await?;
        let mut apps = Vec::with_capacity(draft.items.len());
        for item in &draft.items {
            apps.push(self.names.app(tx, &item.app).await?);
        }
        Ok((new, apps))
    }

    async fn workspace(
        &mut self,
        tx: &mut Tx,
        called: &str,
    ) -> Result<&(Workspace, Vec<Workflow>), ActionError> {
        if !self.known.contains_key(called) {
            let workspace = tx.workspace_called(called).await?;
            let workflows = tx
                .workflows_of_workspace(&workspace.id, "", MOST_WORKFLOWS)
                .await?;
            self.known.insert(called.to_owned(), (workspace, workflows));
        }
        let known = self.known.get(called);
        known.ok_or(ActionError::NotFound("workspace"))
    }
}

/// What the workflows still need; of the one that is named, or of all.
fn missing(workflows: &[Workflow], called: &str) -> Result<Vec<SlotRef>, ActionError> {
    let is_it = |workflow: &Workflow| {
        let external = workflow.external_id.as_ref();
        called.is_empty()
            || workflow.name.as_str().eq_ignore_ascii_case(called)
            || external.is_some_and(|id| id.as_str() == called)
    };
    let wanted: Vec<_> = workflows
        .iter()
        .filter(|workflow| is_it(workflow))
        .collect();
    if wanted.is_empty() && !called.is_empty() {
        let why = format!("the workspace has no workflow `{called}`");
        return Err(ActionError::invalid("workflow", why));
    }
    let slots = wanted.iter().flat_map(|workflow| {
        let open = workflow.slots.iter().filter(|slot| slot.lacks().is_some());
        open.map(|slot| SlotRef {
            workflow_id: workflow.id.clone(),
            slot_id: slot.id.clone(),
        })
    });
    let slots: Vec<_> = slots.collect();
    if slots.is_empty() {
        let why = "nothing of this workspace waits for an app";
        return Err(ActionError::invalid("workspace", why));
    }
    Ok(slots)
}

fn optional<T: FromStr<Err = Refused>>(text: &str) -> Result<Option<T>, ActionError> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(refused)
}

fn refused(error: Refused) -> ActionError {
    ActionError::invalid("line", error.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_several_spreadsheets_are_read() {
        for text in [
            "email,name,workspace,note\njo@globex.example,Jo,globex,\"Hello, Jo\"\n",
            "\u{feff}E-Mail;Name;Workspace;Note\r\njo@globex.example;Jo;globex;Hello, Jo\r\n",
            "workspace\temail\tname\tnote\nglobex\tjo@globex.example\tJo\tHello, Jo",
        ] {
            let lines = read(text).unwrap();
            assert_eq!(lines.len(), 1, "{text}");
            let line = &lines[0];
            assert_eq!((&*line.email, &*line.name), ("jo@globex.example", "Jo"));
            assert_eq!((&*line.workspace, &*line.note), ("globex", "Hello, Jo"));
            assert_eq!(line.number, 2);
        }
    }

    #[test]
    fn a_table_that_cannot_be_one_is_refused_with_a_sentence() {
        let many = "email,workspace\n".to_owned() + &"a@b.example,c\n".repeat(MOST_LINES + 1);
        for text in [
            "",
            "email\njo@globex.example",
            "email,workspace\n",
            &many,
            &"x".repeat(LONGEST + 1),
        ] {
            let why = read(text).err().expect("a refusal");
            assert!(why.ends_with('.'), "{why}");
        }
    }

    #[test]
    fn short_lines_have_empty_cells() {
        let lines = read("email,workspace,name\njo@globex.example").unwrap();
        assert_eq!((&*lines[0].workspace, &*lines[0].name), ("", ""));
    }
}
