/// What somebody typed into a search field, as a pattern for `lower(column) like $n escape '!'`. None: nothing was typed.
pub(super) fn pattern(typed: &str) -> Option<String> {
    let typed = typed.trim().to_lowercase();
    if typed.is_empty() {
        return None;
    }
    let mut pattern = String::from("%");
    for character in typed.chars() {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern.push('%');
    Some(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_patterns_stand_for_themselves() {
        assert_eq!(pattern("  "), None);
        assert_eq!(pattern(" Jo_P% ").unwrap(), "%jo!_p!%%");
        assert_eq!(pattern("a!").unwrap(), "%a!!%");
    }
}
