use latchkey_tenants::catalogue::{App, Pkce};
use oauth2::{AuthUrl, ClientId, CsrfToken, RedirectUrl, basic::BasicClient};
use url::{Url, form_urlencoded};

/// What one flow adds to the provider's authorize URL.
#[derive(Clone, Debug)]
pub struct AuthorizeParams<'a> {
    pub client_id: &'a str,
    pub redirect_uri: &'a Url,
    pub state: &'a str,
    pub scopes: &'a [String],
    /// S256; left out for a provider that breaks on PKCE.
    pub code_challenge: Option<&'a str>,
    pub nonce: Option<&'a str>,
    pub login_hint: Option<&'a str>,
}

/// Parameters that belong to the flow: neither the endpoint's own query nor a catalogue row may set them.
const OURS: &[&str] = &[
    "response_type",
    "response_mode",
    "client_id",
    "redirect_uri",
    "state",
    "code_challenge",
    "code_challenge_method",
    "nonce",
    "login_hint",
    "request",
    "request_uri",
];

/// Where to send the browser: always the code grant, never a second value for a parameter of the flow.
pub fn authorize_url(app: &App, endpoint: &Url, params: &AuthorizeParams<'_>) -> Url {
    let client = BasicClient::new(ClientId::new(params.client_id.to_owned()))
        .set_auth_uri(AuthUrl::from_url(own_query(app, endpoint)))
        .set_redirect_uri(RedirectUrl::from_url(params.redirect_uri.clone()));
    let state = params.state.to_owned();
    let mut request = client.authorize_url(|| CsrfToken::new(state));
    if let Some(challenge) = params.code_challenge.filter(|_| app.pkce == Pkce::S256) {
        request = request
            .add_extra_param("code_challenge", challenge)
            .add_extra_param("code_challenge_method", "S256");
    }
    if !params.scopes.is_empty() {
        let scopes = params.scopes.join(&app.authorize.separator);
        request = request.add_extra_param(app.authorize.scope_param.as_str(), scopes);
    }
    for (name, value) in [("nonce", params.nonce), ("login_hint", params.login_hint)] {
        if let Some(value) = value {
            request = request.add_extra_param(name, value);
        }
    }
    let extra = app.authorize.params.iter();
    for (name, value) in extra.filter(|(name, value)| is_extra(app, name, value)) {
        request = request.add_extra_param(name.as_str(), value.as_str());
    }
    let (url, _) = request.url();
    into_fragment(endpoint, with_client_id_param(app, url))
}

/// The endpoint with those parameters of its query that are its own to set, and without its fragment.
fn own_query(app: &App, endpoint: &Url) -> Url {
    let mut url = endpoint.clone();
    url.set_fragment(None);
    url.set_query(None);
    let own = endpoint.query_pairs();
    let mut own = own
        .filter(|(name, value)| {
            is_extra(app, name, value) && !app.authorize.params.contains_key(&**name)
        })
        .peekable();
    if own.peek().is_some() {
        url.query_pairs_mut().extend_pairs(own);
    }
    url
}

fn is_extra(app: &App, name: &str, value: &str) -> bool {
    // The answer must come as a top-level GET: that is the default, and some providers want it said.
    if name == "response_mode" {
        return value == "query";
    }
    !OURS.contains(&name)
        && name != app.authorize.client_id_param
        && name != app.authorize.scope_param
}

fn with_client_id_param(app: &App, mut url: Url) -> Url {
    if app.authorize.client_id_param == "client_id" {
        return url;
    }
    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
    let renamed = pairs.iter().map(|(name, value)| match name.as_str() {
        "client_id" => (app.authorize.client_id_param.as_str(), value),
        other => (other, value),
    });
    url.query_pairs_mut().clear().extend_pairs(renamed);
    url
}

/// A fragment in the endpoint is a route inside a page of the provider; that page reads the query behind it.
fn into_fragment(endpoint: &Url, mut url: Url) -> Url {
    let Some(route) = endpoint.fragment() else {
        return url;
    };
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(url.query_pairs())
        .finish();
    url.set_query(None);
    url.set_fragment(Some(&format!("{route}?{query}")));
    url
}

#[cfg(test)]
mod tests;
