//! What the lists of people have in common, whatever they list.

use super::{
    StoreError, Tx,
    conn::Row,
    search_words::Beginning,
    statement::{Statement, args},
};
use crate::Counted;

/// The statements of one list, newest first. `$1` is the agency.
pub(super) struct Listing {
    /// `$2` is where the page before ended, `$3` the limit.
    pub all: Statement,
    /// The same, and `$4` is a state.
    pub in_state: Statement,
    /// Made by `read_hits`.
    pub hits: Statement,
    /// With `among!`, and `$28` is a state or null.
    pub these: Statement,
    /// `$2` and `$3` are the ends of a [`Beginning`], `$4` is where the page before ended, `$5` the limit, `$6` a state or null.
    pub broad: Statement,
}

impl Tx {
    /// The rows of a page. `text` is how a word of what is listed begins; empty: any.
    pub(super) async fn listed(
        &mut self,
        listing: &Listing,
        (text, state): (&str, Option<&str>),
        after: &str,
        limit: i64,
    ) -> Result<Vec<Row>, StoreError> {
        let agency = self.agency.clone();
        let Some(wanted) = Beginning::of(text) else {
            return match state {
                Some(state) => {
                    let args = args![&agency, after, limit, state];
                    self.inner.all(listing.in_state, args).await
                }
                None => {
                    let args = args![&agency, after, limit];
                    self.inner.all(listing.all, args).await
                }
            };
        };
        if let Some(hits) = self.search_hits(listing.hits, &wanted).await? {
            let page = (after, limit);
            return self
                .search_page(listing.these, &hits, args![state], page)
                .await;
        }
        let args = args![&agency, &wanted.from, &wanted.to, after, limit, state];
        self.inner.all(listing.broad, args).await
    }

    /// How many there are in a state. `count`: `$2` is the state, and it stops at `$3`.
    pub(super) async fn counted(
        &mut self,
        count: Statement,
        state: &str,
    ) -> Result<Counted, StoreError> {
        let agency = self.agency.clone();
        let args = args![&agency, state, Counted::MOST + 1];
        let row = self.inner.optional(count, args).await?;
        row.map_or(Ok(0), |row| row.int("counted")).map(Counted::of)
    }
}
