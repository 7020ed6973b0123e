use latchkey_tenants::{
    Agency, FirstStep, PageOf, StepMark, StoreError, Tx, Workflow,
    store::{FirstSteps, WorkflowFilter},
};
use serde::Serialize;

use super::card::{STEPS, done, next, words};
use crate::{
    console::{Desk, Typed},
    http::PageResult,
    jobs::app_name,
    person::Manage,
};

pub(super) const TEMPLATE: &str = "start/page.html";
pub(super) const TITLE: &str = "First steps";

#[derive(Serialize)]
pub(super) struct StartPage {
    steps: Vec<StepView>,
    done: usize,
    total: usize,
    /// A request was sent, or every step is done or passed over.
    over: bool,
    pub brand: BrandForm,
    pub work: WorkForm,
    pub request: RequestForm,
}

#[derive(Serialize)]
struct StepView {
    name: FirstStep,
    words: &'static str,
    done: bool,
    skipped: bool,
    /// It is the one to take now.
    open: bool,
}

#[derive(Default, Serialize)]
pub(super) struct BrandForm {
    pub name: Typed,
    pub color: Typed,
    pub support: Typed,
}

#[derive(Default, Serialize)]
pub(super) struct WorkForm {
    pub client: Typed,
    pub workflow: Typed,
    /// Apps that have an OAuth client: slug, name, chosen.
    pub apps: Vec<(String, String, bool)>,
    pub apps_error: Option<String>,
}

#[derive(Default, Serialize)]
pub(super) struct RequestForm {
    pub email: Typed,
    pub name: Typed,
    pub note: Typed,
    /// What is asked for: the newest workflow and the names of its apps.
    pub workflow: Option<String>,
    pub apps: Vec<String>,
    pub problem: Option<String>,
}

/// `GET /dashboard/start`.
pub(super) async fn show(desk: Desk<Manage>) -> PageResult {
    let mut tx = desk.read().await?;
    let page = StartPage::of(&mut tx).await?;
    Ok(desk.show(TEMPLATE, TITLE, page))
}

impl StartPage {
    pub async fn of(tx: &mut Tx) -> Result<Self, StoreError> {
        let steps = tx.first_steps().await?;
        let agency = tx.agency_itself().await?;
        let workflow = newest_workflow(tx).await?;
        let mut request = RequestForm::default();
        if let Some(workflow) = workflow {
            for slot in &workflow.slots {
                request.apps.push(app_name(tx, &slot.app).await?);
            }
            request.workflow = Some(workflow.name.to_string());
        }
        Ok(Self {
            done: done(&steps),
            total: STEPS.len(),
            over: next(&steps).is_none(),
            steps: views(&steps),
            brand: BrandForm::of(&agency),
            work: WorkForm {
                apps: ready_apps(tx).await?,
                ..WorkForm::default()
            },
            request,
        })
    }
}

impl BrandForm {
    fn of(agency: &Agency) -> Self {
        let support = agency.support_email.as_ref();
        Self {
            name: Typed::holding(agency.name.as_str()),
            color: Typed::holding(&agency.brand_color),
            support: Typed::holding(support.map(ToString::to_string).unwrap_or_default()),
        }
    }
}

fn views(steps: &FirstSteps) -> Vec<StepView> {
    let next = STEPS.into_iter().find(|step| steps.mark(*step).is_none());
    let view = |step: FirstStep| StepView {
        name: step,
        words: words(step),
        done: steps.mark(step) == Some(StepMark::Done),
        skipped: steps.mark(step) == Some(StepMark::Skipped),
        open: next == Some(step),
    };
    STEPS.into_iter().map(view).collect()
}

async fn ready_apps(tx: &mut Tx) -> Result<Vec<(String, String, bool)>, StoreError> {
    let clients = tx.oauth_client_contexts().await?;
    let only = clients.len() == 1;
    let mut apps = Vec::with_capacity(clients.len());
    for client in clients {
        let name = app_name(tx, &client.app).await?;
        apps.push((client.app, name, only));
    }
    Ok(apps)
}

pub(super) async fn newest_workflow(tx: &mut Tx) -> Result<Option<Workflow>, StoreError> {
    let page = PageOf {
        after: None,
        limit: 1,
    };
    Ok(tx.workflows(&WorkflowFilter::default(), &page).await?.pop())
}
