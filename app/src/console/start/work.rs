use latchkey_tenants::{
    ActionError, NewSlot, NewWorkflow, Resume, Tx, Workspace,
    values::{Name, Refused, Slug},
};

use super::{
    PATH,
    page::{StartPage, TEMPLATE, TITLE, WorkForm},
};
use crate::{
    console::{Desk, Typed, done, refusal},
    http::{PageResult, Query},
    person::{Manage, Sent},
};

/// What the form says, once it is right.
struct Wish {
    client: Name,
    workflow: Name,
    apps: Vec<String>,
}

/// `POST /dashboard/start/work`: a client, and an automation that waits for their apps.
pub(super) async fn create(sent: Sent<Desk<Manage>>) -> PageResult {
    let desk = sent.by;
    let mut tx = desk.begin().await?;
    let mut page = StartPage::of(&mut tx).await?;
    let Some(wish) = page.work.read(&sent.fields) else {
        return Ok(desk.refuse(TEMPLATE, TITLE, page));
    };
    let actor = desk.actor();
    let text = format!("{} waits for {}.", wish.workflow, wish.client);
    if let Err(error) = add(&mut tx, wish, &actor).await {
        page.work.client.refuse(&refusal(error)?);
        return Ok(desk.refuse(TEMPLATE, TITLE, page));
    }
    desk.commit(tx).await?;
    Ok(done(PATH, &text))
}

async fn add(tx: &mut Tx, wish: Wish, actor: &str) -> Result<(), ActionError> {
    let mut slots = Vec::with_capacity(wish.apps.len());
    for slug in wish.apps {
        let app = tx.app(&slug).await?.ok_or(ActionError::NotFound("app"))?;
        slots.push(NewSlot {
            scopes: app.default_scopes.clone(),
            app: slug,
            required: true,
            expected_account: None,
        });
    }
    let workspace = workspace(tx, wish.client, actor).await?;
    let new = NewWorkflow {
        workspace_id: workspace.id,
        name: wish.workflow,
        external_id: None,
        resume: Resume::Auto,
        slots,
    };
    tx.workflow_create(new, actor).await?;
    Ok(())
}

/// Clients of one name that can be told apart by a number behind it.
const NAMESAKES: usize = 9;

async fn workspace(tx: &mut Tx, name: Name, actor: &str) -> Result<Workspace, ActionError> {
    let base = slug_of(name.as_str());
    let numbered = (2..=NAMESAKES).map(|number| format!("{base}-{number}"));
    for slug in std::iter::once(base.clone()).chain(numbered) {
        let slug: Slug = slug
            .parse()
            .map_err(|refused: Refused| ActionError::invalid("/slug", refused.to_string()))?;
        match tx.workspace_create(name.clone(), slug, actor).await {
            Err(ActionError::Conflict { .. }) => {}
            made => return made,
        }
    }
    let message = "there are several clients of this name already: choose another";
    Err(ActionError::conflict("slug_taken", message))
}

/// The name as an address has it; `client` where nothing of it could stand there.
fn slug_of(name: &str) -> String {
    let mut slug = String::new();
    for character in name.to_lowercase().chars() {
        match character {
            'a'..='z' | '0'..='9' => slug.push(character),
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    let slug: String = slug.chars().take(40).collect();
    match slug.trim_matches('-') {
        slug if slug.len() >= 2 => slug.to_owned(),
        _ => "client".to_owned(),
    }
}

impl WorkForm {
    /// None: something is wrong, and stands beside its field.
    fn read(&mut self, fields: &Query) -> Option<Wish> {
        self.client = Typed::of(fields, "client");
        self.workflow = Typed::of(fields, "workflow");
        for (slug, _, chosen) in &mut self.apps {
            *chosen = fields.get(&format!("app-{slug}")).is_some();
        }
        let chosen = self.apps.iter().filter(|(_, _, chosen)| *chosen);
        let apps: Vec<String> = chosen.map(|(slug, _, _)| slug.clone()).collect();
        if apps.is_empty() {
            let words = match self.apps.is_empty() {
                true => "Set up your first app above; a workflow waits for at least one.",
                false => "Choose at least one app.",
            };
            self.apps_error = Some(words.to_owned());
        }
        let (client, workflow) = (self.client.read(), self.workflow.read());
        let (Some(client), Some(workflow), false) = (client, workflow, apps.is_empty()) else {
            return None;
        };
        Some(Wish {
            client,
            workflow,
            apps,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_makes_an_address() {
        for (name, slug) in [
            ("Globex", "globex"),
            ("  Müller & Söhne GmbH ", "m-ller-s-hne-gmbh"),
            ("株式会社", "client"),
            ("X", "client"),
        ] {
            assert_eq!(slug_of(name), slug);
            assert!(slug_of(name).parse::<Slug>().is_ok());
        }
        assert!(slug_of(&"a ".repeat(200)).parse::<Slug>().is_ok());
    }
}
