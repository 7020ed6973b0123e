use axum::extract::State;
use latchkey_tenants::{store::Claim, values::Host};

use super::{
    list::{DomainsPage, TEMPLATE, TITLE},
    path_of,
};
use crate::{
    console::{Desk, Typed, done, not_done, refusal},
    domains::belongs_to_many,
    http::{PageResult, Query},
    person::{Manage, Sent},
    platform::Platform,
};

/// `POST /dashboard/domains`: a claim, and where it goes on.
pub(super) async fn claim(
    State(platform): State<Platform>,
    sent: Sent<Desk<Manage>>,
) -> PageResult {
    let desk = sent.by;
    let mut typed = Typed::of(&sent.fields, "host");
    let host = typed.read::<Host>();
    let many = host
        .as_ref()
        .and_then(|host| belongs_to_many(host, &platform.urls));
    if let Some(why) = many {
        typed.refuse(&why);
    }
    let Some(host) = host.filter(|_| typed.error.is_none()) else {
        let page = DomainsPage::of(&platform, &desk, &Query::default(), typed).await?;
        return Ok(desk.refuse(TEMPLATE, TITLE, page));
    };
    let mut tx = desk.begin().await?;
    let claim = match tx.domain_claim(&host, &desk.actor()).await {
        Ok(claim) => claim,
        Err(error) => {
            drop(tx);
            typed.refuse(&refusal(error)?);
            let page = DomainsPage::of(&platform, &desk, &Query::default(), typed).await?;
            return Ok(desk.refuse(TEMPLATE, TITLE, page));
        }
    };
    desk.commit(tx).await?;
    Ok(match claim {
        Claim::New(domain) => {
            let text =
                format!("{host} is added. Make its records now; the rest follows by itself.");
            done(&path_of(&domain.id), &text)
        }
        Claim::Known(domain) => done(&path_of(&domain.id), &format!("You added {host} before.")),
        Claim::Contested(domain) => {
            let text = format!(
                "Another agency has {host}. If it is yours now, its TXT record below proves that; else let them remove it first."
            );
            not_done(&path_of(&domain.id), &text)
        }
    })
}
