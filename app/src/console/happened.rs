use latchkey_tenants::EventType;

/// What happened, in words: `api_key.created` is `API key created`.
pub(crate) fn happened(kind: EventType) -> String {
    let (thing, what) = kind.as_str().split_once('.').unwrap_or_default();
    let what = what.replace('_', " ");
    let thing = match thing {
        "api_key" => "API key".to_owned(),
        "oauth_client" => "OAuth client".to_owned(),
        "totp" => "Second step".to_owned(),
        _ => {
            let words = thing.replace('_', " ");
            let mut letters = words.chars();
            let first = letters.next().into_iter().flat_map(char::to_uppercase);
            first.chain(letters).collect()
        }
    };
    format!("{thing} {what}")
}

/// The page of what a line is about, if it has one.
pub(crate) fn page_of(subject: &str) -> Option<String> {
    let room = match subject.split_once('_')?.0 {
        "con" => "connections",
        "req" => "requests",
        "wfl" => "workflows",
        "wsp" => "workspaces",
        _ => return None,
    };
    Some(format!("/dashboard/{room}/{subject}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_reads_as_words() {
        assert_eq!(happened(EventType::ApiKeyCreated), "API key created");
        assert_eq!(happened(EventType::RequestLinkMade), "Request link made");
        for kind in EventType::ALL.iter().copied() {
            let said = happened(kind);
            assert!(!said.contains(['_', '.']) && said.contains(' '), "{said}");
        }
    }

    #[test]
    fn what_has_a_page_leads_to_it() {
        let page = page_of("con_01kc76xp00hezapqm44qap4thw");
        let path = "/dashboard/connections/con_01kc76xp00hezapqm44qap4thw";
        assert_eq!(page.as_deref(), Some(path));
        assert_eq!(page_of("slack"), None);
        assert_eq!(page_of("mal_01kc76xp00hezapqm44qap4thw"), None);
    }
}
