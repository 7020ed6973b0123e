//! `latchkey theme schema`: the JSON Schema of theme.json, for editors.

use crate::commands::{CommandError, Result, answer};
use latchkey_themes::package::schema;

pub fn run() -> Result<()> {
    let schema = serde_json::to_string_pretty(&schema());
    answer(&schema.map_err(CommandError::because("cannot write the schema"))?)
}
