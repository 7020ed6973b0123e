//! What keeps clients or workflows from going on until staff do something.

use std::time::Duration;

use super::{
    StoreError, Tx,
    conn::Row,
    statement::{Arg, Statement, args, statements},
};
use crate::{RequestId, Timestamp, values::Name};

/// Nobody was asked again since for a slot of this item.
macro_rules! not_asked_again {
    () => {
        "not exists (select 1 from item_slots s join item_slots n on n.agency_id = s.agency_id and n.workflow_id = s.workflow_id and n.slot_id = s.slot_id and n.item_id > s.item_id where s.agency_id = i.agency_id and s.item_id = i.id)"
    };
}

statements! {
    MAILS = "select m.request_id as subject, m.request_id, coalesce(r.recipient_name, r.recipient_email) as client, w.name as workspace, cast(null as text) as app, m.status as state, m.error as detail, r.recipient_email as other, coalesce(m.changed_at, m.created_at) as at from mails m cross join requests r cross join workspaces w where r.agency_id = m.agency_id and r.id = m.request_id and w.agency_id = r.agency_id and w.id = r.workspace_id and m.agency_id = $1 and m.status in ('bounced', 'complained', 'suppressed', 'failed') and r.status = 'sent' and m.recipient = r.recipient_email and not exists (select 1 from mails n where n.agency_id = m.agency_id and n.request_id = m.request_id and n.recipient = m.recipient and n.id > m.id) order by m.id desc limit $2";
    APPS = "select e.subject || '' as subject, cast(null as text) as request_id, cast(null as text) as client, cast(null as text) as workspace, e.subject || '' as app, 'unavailable' as state, cast(null as text) as detail, cast(null as text) as other, max(e.created_at) as at from events e left join oauth_clients c on c.agency_id = e.agency_id and c.app = e.subject where e.agency_id = $1 and e.type = 'app.unavailable' and e.created_at > $3 and (c.updated_at is null or c.updated_at < e.created_at) group by e.subject || '' order by at desc limit $2";
    HELD = "select i.id as subject, i.request_id, coalesce(r.recipient_name, r.recipient_email) as client, w.name as workspace, i.app, i.status as state, coalesce(c.account_label, c.account_id) as detail, i.expected_account as other, i.updated_at as at from items i cross join requests r cross join workspaces w left join connections c on c.agency_id = i.agency_id and c.id = i.connection_id where r.agency_id = i.agency_id and r.id = i.request_id and w.agency_id = r.agency_id and w.id = r.workspace_id and i.agency_id = $1 and i.status = 'held' and r.status = 'sent' order by i.updated_at desc limit $2";
    DECLINED = concat!("select i.id as subject, i.request_id, coalesce(r.recipient_name, r.recipient_email) as client, w.name as workspace, i.app, i.status as state, i.reason as detail, cast(null as text) as other, i.updated_at as at from items i cross join requests r cross join workspaces w where r.agency_id = i.agency_id and r.id = i.request_id and w.agency_id = r.agency_id and w.id = r.workspace_id and i.agency_id = $1 and i.status = 'declined' and i.updated_at > $3 and i.reason is not null and ", not_asked_again!(), " order by i.updated_at desc limit $2");
    CONNECTIONS = "select c.id as subject, cast(null as text) as request_id, c.authorized_email as client, w.name as workspace, c.app, c.status as state, c.error as detail, coalesce(c.account_label, c.account_id) as other, c.updated_at as at from connections c join workspaces w on w.agency_id = c.agency_id and w.id = c.workspace_id where c.agency_id = $1 and c.status = 'error' order by c.updated_at desc limit $2";
    ENDING = "select r.id as subject, r.id as request_id, coalesce(r.recipient_name, r.recipient_email) as client, w.name as workspace, cast(null as text) as app, r.status as state, cast(null as text) as detail, r.recipient_email as other, r.expires_at as at from requests r join workspaces w on w.agency_id = r.agency_id and w.id = r.workspace_id where r.agency_id = $1 and r.status = 'sent' and r.expires_at > $3 and r.expires_at <= $4 and (r.lifetime > $6 or r.expires_at <= $5) and w.suspended_at is null order by r.expires_at limit $2";
    EXPIRED = concat!("select r.id as subject, r.id as request_id, coalesce(r.recipient_name, r.recipient_email) as client, w.name as workspace, cast(null as text) as app, r.status as state, cast(null as text) as detail, r.recipient_email as other, r.expires_at as at from requests r join workspaces w on w.agency_id = r.agency_id and w.id = r.workspace_id where r.agency_id = $1 and r.status = 'expired' and r.expires_at > $3 and r.renewed_as is null and w.suspended_at is null and w.closing_at is null and exists (select 1 from items i where i.agency_id = r.agency_id and i.request_id = r.id and i.status = 'expired' and ", not_asked_again!(), ") order by r.expires_at desc limit $2");
    RESUMES = "select f.id as subject, cast(null as text) as request_id, f.name as client, w.name as workspace, cast(null as text) as app, f.gate_state as state, cast(null as text) as detail, cast(null as text) as other, f.gate_since as at from workflows f join workspaces w on w.agency_id = f.agency_id and w.id = f.workspace_id where f.agency_id = $1 and f.gate_state = 'paused' and f.resume = 'manual' and w.suspended_at is null and not exists (select 1 from slots s left join connections c on c.agency_id = s.agency_id and c.id = s.connection_id where s.agency_id = f.agency_id and s.workflow_id = f.id and s.required <> 0 and (c.status is null or c.status <> 'active' or c.paused_at is not null)) order by f.id desc limit $2";
    DOMAINS = "select d.id as subject, cast(null as text) as request_id, d.host as client, cast(null as text) as workspace, cast(null as text) as app, d.state, d.problem as detail, d.next_step as other, coalesce(d.checked_at, d.created_at) as at from domains d where d.agency_id = $1 and d.state in ('failing', 'drifted') and d.released_at is null order by d.host limit $2";
    THEMES = "select m.from_id as subject, cast(null as text) as request_id, t.name as client, cast(null as text) as workspace, cast(null as text) as app, m.why as state, m.reason as detail, cast(null as text) as other, m.at from theme_moves m left join themes t on t.agency_id = m.agency_id and t.id = m.from_id where m.agency_id = $1 and m.why = 'automatic' and m.at > $3 and not exists (select 1 from theme_moves n where n.agency_id = m.agency_id and n.seq > m.seq) limit $2";
}

/// Why somebody of the staff should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeedKind {
    /// The last mail to a client did not arrive: `state` is the mail's, `detail` why, `other` the address.
    Mail,
    /// A client ran into an app without a working OAuth client, which was not stored anew since.
    App,
    /// Another account than the expected one was connected: `detail` that one, `other` the expected.
    Held,
    /// A client said no to an app, and nobody was asked for it again: `detail` is their reason.
    Declined,
    /// A grant is dead: `detail` is the code, `other` the account.
    Connection,
    /// A workflow has what it needs again, and opens by hand: `client` is its name.
    Resume,
    /// A request's time is up within a day, at `at`; of one that lives no longer than that, within an hour.
    Ending,
    /// A request ended at `at` with something open, and nobody was asked for it again.
    Expired,
    /// A domain is failing or has drifted: `client` is its host, `detail` the problem, `other` the next step.
    Domain,
    /// The published theme failed and gave way to the one before it, and nobody has published since: `client` is its name, if it
    /// is still there, `detail` the reason.
    Theme,
}

#[derive(Clone, Debug)]
pub struct Need {
    pub kind: NeedKind,
    /// The id, or the slug of an app, of what it is about.
    pub subject: String,
    pub request: Option<RequestId>,
    pub client: Option<String>,
    pub workspace: Option<Name>,
    pub app: Option<String>,
    pub state: String,
    pub detail: Option<String>,
    pub other: Option<String>,
    pub at: Timestamp,
}

const DAY: Duration = Duration::from_hours(24);
const HOUR: Duration = Duration::from_hours(1);
/// Who ran into an app longer ago has been helped, or has given up; who has not published since lives with the theme before it.
const RECENT: Duration = Duration::from_hours(30 * 24);

impl Tx {
    /// At most `each` of each kind, in the kinds' order.
    pub async fn needs(&mut self, each: i64) -> Result<Vec<Need>, StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let (recent, soon, at_once) = (now.minus(RECENT), now.plus(DAY), now.plus(HOUR));
        let day = DAY.as_secs() as i64;
        let mut needs = Vec::new();
        let looks: [(NeedKind, Statement, &[Arg<'_>]); 10] = [
            (NeedKind::Mail, MAILS, args![&agency, each]),
            (NeedKind::App, APPS, args![&agency, each, recent]),
            (NeedKind::Held, HELD, args![&agency, each]),
            (NeedKind::Declined, DECLINED, args![&agency, each, recent]),
            (NeedKind::Connection, CONNECTIONS, args![&agency, each]),
            (NeedKind::Resume, RESUMES, args![&agency, each]),
            (
                NeedKind::Ending,
                ENDING,
                args![&agency, each, now, soon, at_once, day],
            ),
            (NeedKind::Expired, EXPIRED, args![&agency, each, recent]),
            (NeedKind::Domain, DOMAINS, args![&agency, each]),
            (NeedKind::Theme, THEMES, args![&agency, each, recent]),
        ];
        for (kind, statement, args) in looks {
            for row in self.inner.all(statement, args).await? {
                needs.push(need(kind, &row)?);
            }
        }
        Ok(needs)
    }
}

fn need(kind: NeedKind, row: &Row) -> Result<Need, StoreError> {
    Ok(Need {
        kind,
        subject: row.text("subject")?,
        request: row.optional_parsed("request_id")?,
        client: row.optional_text("client")?,
        workspace: row.optional_parsed("workspace")?,
        app: row.optional_text("app")?,
        state: row.text("state")?,
        detail: row.optional_text("detail")?,
        other: row.optional_text("other")?,
        at: row.time("at")?,
    })
}
