//! What an agency has to know and to prove before its people sign in at its own identity provider.

use latchkey_tenants::{Agency, catalogue::App};
use url::Url;

use crate::{oauth::protocol::fetch_metadata, platform::Platform, urls::Urls};

/// The issuer by its own name, once its metadata says that people can sign in there.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub(crate) async fn check_issuer(platform: &Platform, typed: &str) -> Result<String, String> {
    let url: Url = typed
        .parse()
        .map_err(|_| "an address like https://idp.example is expected".to_owned())?;
    let document = fetch_metadata(&platform.egress, &url)
        .await
        .map_err(|error| format!("its metadata cannot be had: {error}"))?;
    let issuer = document["issuer"].as_str().unwrap_or(typed);
    let loopback = platform.egress.policy().allow_loopback;
    App::from_metadata(
        "own-provider",
        "Own provider",
        issuer,
        &document,
        Vec::new(),
        loopback,
    )
    .map_err(|error| format!("its metadata cannot be used: {error}"))?;
    match document["jwks_uri"].as_str() {
        Some(_) => Ok(issuer.to_owned()),
        None => Err("its metadata names no `jwks_uri`".to_owned()),
    }
}

/// To register at the provider: where people come back to, on each host on which they sign in.
pub(crate) fn redirect_uris(urls: &Urls, agency: &Agency, ctx: &str) -> Vec<String> {
    let mut hosts = vec![urls.agency_host(agency), urls.first_host(agency)];
    hosts.dedup();
    let uri = |host: &String| urls.sign_in_redirect_uri(host, ctx);
    hosts.iter().map(uri).collect()
}
