//! The words by which lists find what they show: each word of a text, with what follows it, so that the beginning of any word finds
//! the text by an index.

use std::collections::BTreeSet;

use super::{
    StoreError, Tx,
    conn::Row,
    statement::{AMONG, Arg, Statement, args, args_among, statements},
};
statements! {
    FORGET = "delete from search_words where agency_id = $1 and id = $2";
    KEEP = "insert into search_words (agency_id, kind, word, id) select a.id, cast($2 as text), n.word, cast($3 as text) from (select id from agencies where id = $1) a cross join (select cast($4 as text) as word union select cast($5 as text) union select cast($6 as text) union select cast($7 as text) union select cast($8 as text) union select cast($9 as text)) n where n.word is not null on conflict do nothing";
}

/// What is found.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Workspace,
    Workflow,
    Request,
    Connection,
}

/// The ids of rows of `$table` that are of `$kind`, whose own words or whose workspace's begin as was typed, some twice. `$1` is the
/// agency, `$2` and `$3` are the ends of a [`Beginning`].
macro_rules! hits {
    ($table:literal, $kind:literal) => {
        concat!(
            "select s.id from search_words s where s.agency_id = $1 and s.kind = '",
            $kind,
            "' and s.word >= $2 and s.word < $3 union all select o.id from search_words s cross join ",
            $table,
            " o where s.agency_id = $1 and s.kind = 'workspace' and s.word >= $2 and s.word < $3 and o.agency_id = s.agency_id and o.workspace_id = s.id"
        )
    };
}
pub(super) use hits;

/// The statement that reads those ids, up to `$4`. In one text, because it is read in one go.
macro_rules! read_hits {
    ($hits:expr) => {
        concat!(
            "select string_agg(few.id, ',') as hits from (select id from (",
            $hits,
            ") every_hit limit $4) few"
        )
    };
}
pub(super) use read_hits;

/// So many are looked up one by one. Of more, a page is full sooner when the list itself is gone through, newest first.
const FEW: i64 = 300;
/// Letters of a word and what follows it.
const LONGEST: usize = 64;
/// Words that one statement keeps.
const AT_ONCE: usize = 6;

/// All words that begin as somebody typed: from the first text up to the second one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Beginning {
    pub from: String,
    pub to: String,
}

impl Beginning {
    /// None: nothing was typed. Signs before the first letter say nothing: no word but a whole text begins with one.
    pub fn of(typed: &str) -> Option<Self> {
        let typed = typed.trim().to_lowercase();
        let from = match typed.trim_start_matches(is_sign) {
            "" => &*typed,
            words => words,
        };
        let from: String = from.chars().take(LONGEST).collect();
        (!from.is_empty()).then(|| Self {
            to: format!("{from}{}", char::MAX),
            from,
        })
    }
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Workspace => "workspace",
            Self::Workflow => "workflow",
            Self::Request => "request",
            Self::Connection => "connection",
        }
    }
}

impl Tx {
    /// From here on this is found by the words of these texts, and by no others.
    pub(super) async fn search_words_put(
        &mut self,
        kind: Kind,
        id: &str,
        texts: &[Option<&str>],
    ) -> Result<(), StoreError> {
        let agency = self.agency.clone();
        self.inner.execute(FORGET, args![&agency, id]).await?;
        let words: BTreeSet<String> = texts
            .iter()
            .flatten()
            .flat_map(|text| words(text))
            .collect();
        let words: Vec<String> = words.into_iter().collect();
        for words in words.chunks(AT_ONCE) {
            let word = |at: usize| words.get(at).map(String::as_str);
            let args = args![
                &agency,
                kind.as_str(),
                id,
                word(0),
                word(1),
                word(2),
                word(3),
                word(4),
                word(5)
            ];
            self.inner.execute(KEEP, args).await?;
        }
        Ok(())
    }

    /// The ids of what begins as was typed, newest first; None: there are too many to look them up. `hits`: made by [`read_hits`].
    pub(super) async fn search_hits(
        &mut self,
        hits: Statement,
        wanted: &Beginning,
    ) -> Result<Option<Vec<String>>, StoreError> {
        let agency = self.agency.clone();
        let args = args![&agency, &wanted.from, &wanted.to, FEW + 1];
        let row = self.inner.optional(hits, args).await?;
        let hits = row.map_or(Ok(None), |row| row.optional_text("hits"))?;
        let hits = hits.unwrap_or_default();
        let hits: Vec<&str> = hits.split(',').filter(|id| !id.is_empty()).collect();
        if i64::try_from(hits.len()).is_ok_and(|hits| hits <= FEW) {
            let once: BTreeSet<&str> = hits.into_iter().collect();
            return Ok(Some(once.into_iter().rev().map(str::to_owned).collect()));
        }
        Ok(None)
    }

    /// A page of them. `these` has `among!`, and after it what `more` stands for.
    pub(super) async fn search_page(
        &mut self,
        these: Statement,
        hits: &[String],
        more: &[Arg<'_>],
        (after, limit): (&str, i64),
    ) -> Result<Vec<Row>, StoreError> {
        let agency = self.agency.clone();
        let limit = usize::try_from(limit).unwrap_or_default();
        let hits: Vec<&str> = hits.iter().map(String::as_str).collect();
        let start = hits.partition_point(|id| *id >= after);
        let mut rows = Vec::new();
        for hits in hits[start..].chunks(AMONG) {
            if rows.len() >= limit {
                break;
            }
            let mut args = args_among(&agency, hits.iter().copied());
            args.extend_from_slice(more);
            rows.extend(self.inner.all(these, &args).await?);
        }
        rows.truncate(limit);
        Ok(rows)
    }
}

/// The whole text, and what it is from each of its words on.
fn words(text: &str) -> BTreeSet<String> {
    let text = text.to_lowercase();
    let mut words = BTreeSet::new();
    let mut before = None;
    for (at, letter) in text.char_indices() {
        if before.is_none_or(|before| is_sign(before) && !is_sign(letter)) {
            words.insert(text[at..].chars().take(LONGEST).collect());
        }
        before = Some(letter);
    }
    words
}

fn is_sign(letter: char) -> bool {
    !letter.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_by_the_beginning_of_each_of_its_words() {
        let found = words("Jo.Ö_2@Globex-7.example");
        let expected = [
            "2@globex-7.example",
            "7.example",
            "example",
            "globex-7.example",
            "jo.ö_2@globex-7.example",
            "ö_2@globex-7.example",
        ];
        assert_eq!(found.iter().collect::<Vec<_>>(), expected);
        assert_eq!(words("(a)").len(), 2);
        assert!(words("").is_empty());
        let long = "x".repeat(65);
        assert_eq!(words(&long).into_iter().collect::<String>(), long[..64]);
    }

    #[test]
    fn what_was_typed_stands_for_all_words_that_begin_so() {
        let of = |typed| Beginning::of(typed).map(|wanted| wanted.from);
        assert_eq!(of("  "), None);
        assert_eq!(of(" Jo_P% ").unwrap(), "jo_p%");
        assert_eq!(of("@Globex").unwrap(), "globex");
        assert_eq!(of("%").unwrap(), "%");
        let wanted = Beginning::of("globex-7").unwrap();
        let found = |word: &str| *word >= *wanted.from && *word < *wanted.to;
        assert!(found("globex-7") && found("globex-7\u{ffff}") && found("globex-77.example"));
        assert!(!found("globex-8") && !found("globex"));
    }
}
