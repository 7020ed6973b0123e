//! How failures are told: in the log, and to people.

/// An error and what is behind it, on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}

/// A message of the domain, which goes on in the middle of a line, as a sentence of its own.
pub(crate) fn sentence(message: &str) -> String {
    let mut characters = message.chars();
    let first = characters.next().into_iter().flat_map(char::to_uppercase);
    let end = (!message.ends_with(['.', '!', '?'])).then_some('.');
    first.chain(characters).chain(end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_begins_and_ends_like_one() {
        assert_eq!(sentence("a slug is taken"), "A slug is taken.");
        assert_eq!(sentence("Done."), "Done.");
        assert_eq!(sentence("élan"), "Élan.");
    }
}
