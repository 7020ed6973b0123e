use super::api::Api;
use crate::cli::AgencyApi;
use crate::commands::{Result, answer, block_on};
use serde_json::Value;

pub fn run(options: &AgencyApi) -> Result<()> {
    let api = Api::of(options)?;
    block_on(async {
        let mut path = "/themes".to_owned();
        loop {
            let page = api.get(&path).await?;
            for version in page["data"].as_array().into_iter().flatten() {
                answer(&line(version))?;
            }
            match page["next_cursor"].as_str() {
                Some(next) => path = format!("/themes?cursor={next}"),
                None => return Ok(()),
            }
        }
    })
}

/// "thm_01k...  published      2026-11-30  Acme 1.4.0"
fn line(version: &Value) -> String {
    let text = |name: &str| version[name].as_str().unwrap_or_default();
    let state = match (&version["published"], &version["published_at"]) {
        (Value::Bool(true), _) => "published",
        (_, Value::Null) => "draft",
        _ => "was published",
    };
    let day = text("created_at").split('T').next().unwrap_or_default();
    let line = format!(
        "{}  {state:13}  {day}  {} {}",
        text("id"),
        text("name"),
        text("version")
    );
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_line_says_what_a_version_is() {
        let version = |published: bool, at: Option<&str>| {
            json!({
                "id": "thm_1", "name": "Acme", "version": "", "published": published, "published_at": at,
                "created_at": "2026-11-30T08:00:00Z",
            })
        };
        let draft = line(&version(false, None));
        assert_eq!(draft, "thm_1  draft          2026-11-30  Acme");
        let at = Some("2026-11-30T09:00:00Z");
        assert!(line(&version(true, at)).contains("  published  "));
        assert!(line(&version(false, at)).contains("  was published  "));
    }
}
