//! Automations that wait, and their gates.

mod change;
mod create;
mod gate;
mod list;
mod show;
mod view;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::platform::Platform;

pub(super) use view::WorkflowView;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(list::list_workflows, create::create_workflow))
        .routes(routes!(show::show_workflow, change::change_workflow))
        .routes(routes!(gate::wait_at_gate))
        .routes(routes!(gate::resume_workflow))
}
