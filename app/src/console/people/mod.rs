//! People: staff and clients, how they come in, and how staff prove who they are.

mod clients;
mod invitations;
mod invite;
mod member;
mod provider;
mod second_factor;
mod staff;
mod tabs;
mod transfer;

use crate::http::Pages;

const PATH: &str = "/dashboard/people";

pub(super) fn routes() -> Pages {
    Pages::new()
        .get(PATH, staff::show)
        .get(clients::PATH, clients::show)
        .get(invitations::PATH, invitations::show)
        .post(
            "/dashboard/people/invitations/{invitation}/resend",
            invitations::resend,
        )
        .post(
            "/dashboard/people/invitations/{invitation}/withdraw",
            invitations::withdraw,
        )
        .get(invite::PATH, invite::show)
        .post(invite::PATH, invite::send)
        .post("/dashboard/people/second-factor", second_factor::require)
        .get(provider::PATH, provider::show)
        .post(provider::PATH, provider::store)
        .post("/dashboard/people/provider/remove", provider::remove)
        .get(transfer::PATH, transfer::show)
        .post(transfer::PATH, transfer::hand_over)
        .get("/dashboard/people/{member}", member::show)
        .post("/dashboard/people/{member}/role", member::set_role)
        .post(
            "/dashboard/people/{member}/second-step/reset",
            member::reset_second_step,
        )
        .post("/dashboard/people/{member}/remove", member::remove)
}
