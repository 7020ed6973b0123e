use latchkey_tenants::{
    catalogue::{App, MetadataError, Scope},
    values::{Name, Slug},
};
use url::Url;

use super::protocol::{self, fetch_metadata};
use crate::platform::Platform;

/// Why an issuer's metadata makes no app.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DiscoveryError {
    #[error(transparent)]
    Fetch(#[from] protocol::MetadataError),
    #[error(transparent)]
    Metadata(#[from] MetadataError),
}

/// An agency's own app, as its issuer describes it. `scopes` are those beyond the standard ones.
pub(crate) async fn discover(
    platform: &Platform,
    slug: &Slug,
    name: &Name,
    issuer: &Url,
    scopes: Vec<Scope>,
) -> Result<App, DiscoveryError> {
    let document = fetch_metadata(&platform.egress, issuer).await?;
    // As the provider writes it: it will be compared letter by letter.
    let issuer = document["issuer"]
        .as_str()
        .unwrap_or_else(|| issuer.as_str());
    let allow_http = platform.egress.policy().allow_loopback;
    let (slug, name) = (slug.as_str(), name.as_str());
    let app = App::from_metadata(slug, name, issuer, &document, scopes, allow_http)?;
    Ok(app)
}
