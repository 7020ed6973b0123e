use crate::commands::{Result, block_on, store};
use crate::settings::{SealingKey, Settings};
use latchkey_tenants::{Entropy, SystemEntropy};

pub fn run(settings: &Settings) -> Result<()> {
    // A migration opens nothing sealed, so whoever runs it need not hold the vault key.
    let mut any_key = SealingKey::new(Box::new([0; 32]));
    secrecy::ExposeSecretMut::expose_secret_mut(&mut any_key)
        .copy_from_slice(&(&SystemEntropy::new() as &dyn Entropy).bytes::<32>());
    block_on(async {
        let store = store::connect(settings, &any_key).await?;
        store::migrate(&store).await?;
        tracing::info!("the schema is up to date");
        Ok(())
    })
}
