use latchkey_tenants::{DeliveryNews, Store, StoreError, store::MailRef};

use super::bounce::{Bounce, Outcome};
use crate::platform::Platform;

/// Notes what a report says. False: it is about no mail that is known, or nothing new.
pub async fn take_bounce(store: &Store, bounce: &Bounce) -> Result<bool, StoreError> {
    let by_token = bounce.token.as_deref().map(MailRef::Token);
    let by_id = bounce.message_id.as_deref().map(MailRef::MessageId);
    // A Message-ID can be read by whoever got the mail; only the return path proves that the mail came back.
    let Some(name) = by_token.or(by_id.filter(|_| bounce.outcome == Outcome::Delayed)) else {
        return Ok(false);
    };
    let Some((agency, id)) = store.read_platform().await?.mail_named(name).await? else {
        return Ok(false);
    };
    let mut tx = store.begin(&agency).await?;
    let new = match bounce.outcome {
        Outcome::Delayed => {
            let detail = format!("not delivered yet: {}", bounce.detail);
            tx.mail_delayed(&id, &detail).await?;
            true
        }
        Outcome::Delivered => tx.mail_news(&id, &DeliveryNews::Delivered).await?,
        Outcome::Failed => {
            let detail = bounce.detail.clone();
            tx.mail_news(&id, &DeliveryNews::Bounced { detail }).await?
        }
    };
    tx.commit().await?;
    Ok(new)
}

/// Notes news that a trusted machine brings. False: as above.
pub(super) async fn take_news(
    platform: &Platform,
    name: MailRef<'_>,
    news: &DeliveryNews,
) -> Result<bool, StoreError> {
    let found = platform
        .store
        .read_platform()
        .await?
        .mail_named(name)
        .await?;
    let Some((agency, id)) = found else {
        return Ok(false);
    };
    let mut tx = platform.store.begin(&agency).await?;
    let new = tx.mail_news(&id, news).await?;
    tx.commit().await?;
    platform.changed(&agency);
    Ok(new)
}
