use crate::commands::{Result, answer};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use latchkey_tenants::Entropy;

pub fn new(entropy: &dyn Entropy) -> Result<()> {
    answer(&STANDARD.encode(entropy.bytes::<32>()))
}
