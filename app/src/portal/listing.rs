use latchkey_tenants::{Connection, ConnectionId, PageOf};

use crate::http::Query;

/// Rows of a page.
const MANY: u8 = 50;

/// The page of a list of connections that `?before=` names; the newest if it names none.
pub(super) fn page_of(query: &Query) -> PageOf<ConnectionId> {
    PageOf {
        after: query.typed("before").parse().ok(),
        // One more than is shown: then there are older ones.
        limit: i64::from(MANY) + 1,
    }
}

/// Keeps what is shown, and says where the older ones are.
pub(super) fn older(path: &str, found: &mut Vec<Connection>) -> Option<String> {
    let many = usize::from(MANY);
    let more = found.len() > many;
    found.truncate(many);
    let last = found.last().filter(|_| more)?;
    Some(format!("{path}?before={}", last.id))
}

/// The path of a page of the list, as it was asked for.
pub(super) fn path_to(path: &str, page: &PageOf<ConnectionId>) -> String {
    match &page.after {
        Some(before) => format!("{path}?before={before}"),
        None => path.to_owned(),
    }
}
