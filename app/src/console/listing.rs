use std::{fmt::Display, str::FromStr};

use latchkey_tenants::PageOf;
use serde::Serialize;
use url::form_urlencoded;

use crate::http::{PageError, Query};

/// Rows of a page.
const ROWS: u8 = 25;

/// What was asked of a list: `q` is a part of a name, `state` one of its filters, `after` where the page before ended.
pub(crate) struct Asked<I> {
    path: &'static str,
    pub text: String,
    state: String,
    after: Option<I>,
}

/// A page of a list as `parts.html` shows it.
#[derive(Serialize)]
pub(crate) struct Listed<R> {
    pub path: &'static str,
    pub q: String,
    /// Label, address, whether it is chosen.
    pub chips: Vec<(String, String, bool)>,
    /// What a new search keeps.
    pub kept: Vec<(&'static str, String)>,
    pub rows: Vec<R>,
    pub first: Option<String>,
    pub next: Option<String>,
}

impl<I: FromStr + Display> Asked<I> {
    pub fn of(path: &'static str, query: &Query) -> Result<Self, PageError> {
        let after = match query.typed("after") {
            "" => None,
            id => Some(id.parse().map_err(|_| PageError::not_found())?),
        };
        Ok(Self {
            path,
            text: query.typed("q").chars().take(100).collect(),
            state: query.typed("state").to_owned(),
            after,
        })
    }

    /// The filter that was chosen; any other word is none.
    pub fn state<S: FromStr>(&self) -> Option<S> {
        self.state.parse().ok()
    }

    /// The rows of a page, and one more that tells whether another page follows.
    pub fn page(&self) -> PageOf<I>
    where
        I: Clone,
    {
        PageOf {
            after: self.after.clone(),
            limit: i64::from(ROWS) + 1,
        }
    }

    /// `states`: value and label of each filter, the empty value first, which is all.
    pub fn listed<T, R>(
        self,
        states: &[(&str, String)],
        mut found: Vec<T>,
        id: impl Fn(&T) -> I,
        row: impl FnMut(T) -> R,
    ) -> Listed<R> {
        let more = cut(&mut found, ROWS);
        let last = found
            .last()
            .filter(|_| more)
            .map(|last| id(last).to_string());
        let chips = states.iter().map(|(state, label)| {
            let address = address(self.path, &[("state", state), ("q", &self.text)]);
            (label.clone(), address, *state == self.state)
        });
        let here = |after: &str| {
            let pairs = [("state", &*self.state), ("q", &self.text), ("after", after)];
            address(self.path, &pairs)
        };
        let kept = [("state", self.state.clone())];
        Listed {
            path: self.path,
            chips: chips.collect(),
            kept: kept
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .collect(),
            first: self.after.as_ref().map(|_| here("")),
            next: last.map(|last| here(&last)),
            rows: found.into_iter().map(row).collect(),
            q: self.text,
        }
    }
}

/// Leaves as many as are shown; whether there are more.
pub(crate) fn cut<T>(found: &mut Vec<T>, shown: u8) -> bool {
    let more = found.len() > usize::from(shown);
    found.truncate(usize::from(shown));
    more
}

/// A path with those of the parameters that are not empty.
pub(crate) fn address(path: &str, pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<_> = pairs
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    if pairs.is_empty() {
        return path.to_owned();
    }
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    format!("{path}?{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_leads_to_the_next_only_if_there_is_one() {
        let query = Query::parse("state=sent&q=a%26b&after=7").unwrap();
        let asked = Asked::<u32>::of("/x", &query).unwrap();
        assert_eq!(asked.page().after, Some(7));
        let states = [("", "All".to_owned()), ("sent", "Waiting".to_owned())];
        let rows: Vec<u32> = (0..=25).collect();
        let listed = asked.listed(&states, rows, |row| *row, |row| row);
        assert_eq!(listed.rows.len(), 25);
        assert_eq!(listed.next.unwrap(), "/x?state=sent&q=a%26b&after=24");
        assert_eq!(listed.first.unwrap(), "/x?state=sent&q=a%26b");
        assert!(listed.chips[1].2 && !listed.chips[0].2);
        let asked = Asked::<u32>::of("/x", &Query::default()).unwrap();
        let listed = asked.listed(&states, vec![1, 2], |row| *row, |row| row);
        assert!(listed.next.is_none() && listed.first.is_none());
        let foreign = Query::parse("after=x").unwrap();
        assert!(Asked::<u32>::of("/x", &foreign).is_err());
    }
}
