use axum::extract::State;
use latchkey_tenants::{Domain, DomainId, DomainState};
use serde::Serialize;
use url::Url;

use super::{
    path_of,
    view::{DomainView, Line, Told},
};
use crate::{
    console::{Desk, done, not_done, refusal},
    domains::{records, watch},
    http::{PageError, PageResult, Segment},
    person::{Manage, Sent},
    platform::Platform,
};

/// Lines of its story that are shown.
const LINES: i64 = 30;

#[derive(Serialize)]
struct DomainPage {
    domain: DomainView,
    records: Vec<Line>,
    /// Steps that are behind it: proven, reached, certified.
    proven: bool,
    /// Asks again while something can be expected to happen.
    live: Option<String>,
    story: Vec<Told>,
    /// A mail to whoever looks after the DNS, ready to be sent.
    letter: String,
    origin: String,
}

/// `GET /dashboard/domains/{domain}`. Until it is live, looking at it lets it be checked every few seconds.
pub(super) async fn show(
    State(platform): State<Platform>,
    desk: Desk<Manage>,
    id: Segment,
) -> PageResult {
    let page = page(&platform, &desk, &id).await?;
    let title = page.domain.host.clone();
    Ok(desk.show("domains/show.html", &title, page))
}

/// `GET /dashboard/domains/{domain}/state`: the part of the page that changes by itself.
pub(super) async fn state(
    State(platform): State<Platform>,
    desk: Desk<Manage>,
    id: Segment,
) -> PageResult {
    let page = page(&platform, &desk, &id).await?;
    Ok(desk.show("domains/state.html", "", page))
}

/// `POST /dashboard/domains/{domain}/check`: the next check is due now.
pub(super) async fn check(id: Segment, sent: Sent<Desk<Manage>>) -> PageResult {
    let (desk, id) = (sent.by, id.id::<DomainId>()?);
    let mut tx = desk.begin().await?;
    let path = path_of(&id);
    match tx.domain_check_now(&id).await {
        Ok(domain) if domain.state == DomainState::Released => {
            return Ok(not_done(
                &path,
                "This domain was removed: add the host again.",
            ));
        }
        Ok(_) => {}
        Err(error) => return Ok(not_done(&path, &refusal(error)?)),
    }
    desk.commit(tx).await?;
    Ok(done(
        &path,
        "It is looked at now. What is found shows below in a few seconds.",
    ))
}

async fn page(
    platform: &Platform,
    desk: &Desk<Manage>,
    id: &Segment,
) -> Result<DomainPage, PageError> {
    let id: DomainId = id.id()?;
    let found = watch(platform, desk.agency(), &id).await?;
    let domain = found.ok_or_else(PageError::not_found)?;
    let mut tx = desk.read().await?;
    let agency = tx.agency_itself().await?;
    let story = tx.domain_log(&id, LINES).await?;
    let records = records(&domain, &platform.urls.first_host(&agency));
    let expects = !matches!(domain.state, DomainState::Live | DomainState::Released);
    Ok(DomainPage {
        letter: letter(&domain, &records),
        records: records.into_iter().map(Line::from).collect(),
        proven: domain.bound,
        live: expects.then(|| format!("{}/state", path_of(&id))),
        story: story.into_iter().rev().map(Told::from).collect(),
        origin: platform.urls.origin(domain.host.as_str()),
        domain: DomainView::from(&domain),
    })
}

/// `mailto:` with everything that a person at the DNS provider's panel needs.
fn letter(domain: &Domain, records: &[crate::domains::RecordView]) -> String {
    let host = &domain.host;
    let mut body = format!(
        "Hello,\n\nplease make these DNS records, so that {host} can show our pages to our clients:\n\n"
    );
    for record in records {
        body.push_str(&format!(
            "Type:  {}\nName:  {}\nValue: {}\n\n",
            record.kind.as_str(),
            record.name,
            record.value
        ));
    }
    body.push_str("Nothing else of the domain changes. If a record of another type stands at the same name, remove it. A proxy in front (an orange cloud, for example) has to be off.\n\nThank you!\n");
    let Ok(mut letter) = Url::parse("mailto:") else {
        return String::new();
    };
    letter
        .query_pairs_mut()
        .append_pair("subject", &format!("DNS records for {host}"))
        .append_pair("body", &body);
    // Mail programs take a plus sign for one.
    letter.as_str().replace('+', "%20")
}
