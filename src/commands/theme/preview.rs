use super::api::Api;
use crate::cli::PreviewTheme;
use crate::commands::{Result, answer, block_on};
use serde_json::json;

pub fn run(options: &PreviewTheme) -> Result<()> {
    let api = Api::of(&options.api)?;
    let mut wish = json!({ "page": options.page });
    if let Some(locale) = &options.locale {
        wish["locale"] = locale.as_str().into();
    }
    let path = format!("/themes/{}/preview", options.version);
    let preview = block_on(api.post(&path, &wish))?;
    answer(preview["url"].as_str().unwrap_or_default())
}
