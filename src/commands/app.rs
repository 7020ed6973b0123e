use crate::commands::{CommandError, Result};
use crate::settings::Settings;

pub fn run(settings: &Settings) -> Result<()> {
    let address = settings.app_listen;
    Err(CommandError::new(format!("the app is not built yet; it would listen on {address}")))
}
