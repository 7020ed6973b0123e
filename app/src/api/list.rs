//! Lists: filters in the query, pages by cursor, one shape for all.

use std::{borrow::Cow, fmt::Display, str::FromStr};

use axum::extract::FromRequestParts;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::request::Parts;
use latchkey_tenants::PageOf;
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use url::form_urlencoded;
use utoipa::ToSchema;

use super::{problem::Problem, refusal};
use crate::platform::Platform;

/// A page of a list, newest first where the list has no other order.
#[derive(Serialize, ToSchema)]
pub(super) struct Listing<T> {
    data: Vec<T>,
    /// For the next page; null: this was the last.
    #[schema(value_type = Option<super::schema::Cursor>, required)]
    next_cursor: Option<String>,
}

impl<T> Listing<T> {
    /// `rows` were read with [`Limit::and_one`]: the one too many tells that there is more.
    pub fn of<R, C: Display>(
        mut rows: Vec<R>,
        limit: Limit,
        id: impl Fn(&R) -> C,
        view: impl FnMut(R) -> T,
    ) -> Self {
        let more = rows.len() > limit.rows();
        rows.truncate(limit.rows());
        let last = rows.last().filter(|_| more);
        Self {
            next_cursor: last.map(|row| URL_SAFE_NO_PAD.encode(id(row).to_string())),
            data: rows.into_iter().map(view).collect(),
        }
    }
}

impl<T> Listing<T> {
    /// All there is on one page.
    pub fn whole(data: Vec<T>) -> Self {
        Self {
            data,
            next_cursor: None,
        }
    }
}

/// How many rows a page has: 1 to 100, 50 if nothing is said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit(u8);

impl Limit {
    pub const MOST: u8 = 100;
    pub const USUAL: u8 = 50;

    pub fn rows(self) -> usize {
        usize::from(self.0)
    }

    pub fn and_one(self) -> i64 {
        i64::from(self.0) + 1
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(Self::USUAL)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let limit = text
            .parse()
            .ok()
            .filter(|limit| (1..=Self::MOST).contains(limit));
        let expected = || serde::de::Error::custom("a number from 1 to 100 is expected");
        limit.map(Self).ok_or_else(expected)
    }
}

/// Where the page before ended. Opaque to callers.
#[derive(Clone, Debug)]
pub(super) struct Cursor<I>(pub I);

impl<'de, I: FromStr> Deserialize<'de> for Cursor<I> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let bytes = URL_SAFE_NO_PAD.decode(text.as_bytes()).ok();
        let id = bytes.and_then(|bytes| String::from_utf8(bytes).ok()?.parse().ok());
        let expected = || serde::de::Error::custom("a `next_cursor` of this list is expected");
        id.map(Self).ok_or_else(expected)
    }
}

/// The page that a query asks for, and a row more.
pub(super) fn page_of<I>(limit: Limit, cursor: Option<Cursor<I>>) -> PageOf<I> {
    PageOf {
        after: cursor.map(|Cursor(id)| id),
        limit: limit.and_one(),
    }
}

/// The parameters of the query, each known and given at most once.
pub(super) struct Params<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Platform> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Platform) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = form_urlencoded::parse(query.as_bytes());
        serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs))
            .map(Self)
            .map_err(|error| {
                let complaint = refusal::of_query(error.path(), &error.inner().to_string());
                Problem::refused(vec![complaint])
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_the_next_only_if_there_is_one() {
        let page = |rows: Vec<u32>| Listing::of(rows, Limit(2), |row| *row, |row| row);
        let full = page(vec![9, 8, 7]);
        assert_eq!(full.data, [9, 8]);
        let json = format!("{:?}", full.next_cursor.unwrap());
        let cursor: Cursor<u32> = serde_json::from_str(&json).unwrap();
        assert_eq!(cursor.0, 8);
        assert_eq!(page(vec![9, 8]).next_cursor, None);
        assert_eq!(page(vec![]).next_cursor, None);
    }

    #[test]
    fn a_cursor_of_something_else_is_refused() {
        for text in ["", "!", "AA", "eHh4", "_____w"] {
            let json = format!("{text:?}");
            assert!(
                serde_json::from_str::<Cursor<u32>>(&json).is_err(),
                "{text}"
            );
        }
    }
}
