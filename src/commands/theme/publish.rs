use super::api::Api;
use crate::cli::PublishTheme;
use crate::commands::{Result, answer, block_on};
use serde_json::json;

pub fn run(options: &PublishTheme) -> Result<()> {
    let api = Api::of(&options.api)?;
    let version = options.version.0.as_ref();
    let id = version.map_or("base", |version| version.as_str());
    block_on(publish(&api, id))
}

/// `base`: the theme that everybody starts with.
pub async fn publish(api: &Api, id: &str) -> Result<()> {
    api.post(&format!("/themes/{id}/publish"), &json!({}))
        .await?;
    answer(&format!("published: {id}"))
}
