//! From whom the agency's mails come, through which relay they leave, and who gets nothing more.

mod held_back;
mod relay;
mod sender;
mod show;

use latchkey_tenants::SenderDomainId;

use crate::http::Pages;

pub(super) fn routes() -> Pages {
    Pages::new()
        .get("/dashboard/email", show::show)
        .post("/dashboard/email", show::claim)
        .get("/dashboard/email/domains/{domain}", sender::show)
        .get("/dashboard/email/domains/{domain}/state", sender::state)
        .post("/dashboard/email/domains/{domain}/check", sender::check)
        .post("/dashboard/email/domains/{domain}/remove", sender::remove)
        .get("/dashboard/email/relay", relay::ask)
        .post("/dashboard/email/relay", relay::store)
        .post("/dashboard/email/relay/test", relay::test)
        .post("/dashboard/email/relay/remove", relay::remove)
        .get("/dashboard/email/held-back", held_back::show)
        .post("/dashboard/email/held-back", held_back::let_go)
}

fn path_of(id: &SenderDomainId) -> String {
    format!("/dashboard/email/domains/{id}")
}
