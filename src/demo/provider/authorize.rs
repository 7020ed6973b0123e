use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use minijinja::{context, value::Serde};
use url::Url;

use super::{
    Account, Client, ProviderState, Scope,
    apps::ACCOUNTS,
    ledger::{CODE_LIFETIME, Code},
    pages,
    params::Params,
};

/// What the consent form hands back to us.
const CARRIED: [&str; 7] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
];

/// A request that may be shown to the person it is about.
struct Authorization<'a> {
    client: &'a Client,
    redirect: Redirect,
    scopes: Vec<&'static Scope>,
    challenge: String,
}

/// Where an answer may go: a registered address and the client's own `state`.
struct Redirect {
    uri: String,
    url: Url,
    state: Option<String>,
}

/// RFC 6749 §4.1.2.1: only a request whose client and redirect URI are right gets its error sent back.
enum Refusal {
    Page(&'static str),
    Back {
        redirect: Box<Redirect>,
        error: &'static str,
        description: &'static str,
    },
}

/// `GET /authorize`: asks the person. Changes nothing.
pub async fn show(State(state): State<ProviderState>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let Ok(params) = Params::parse(query.as_bytes()) else {
        return refuse(
            &state,
            Refusal::Page("A part of the request is there twice."),
        );
    };
    match Authorization::parse(&state, &params) {
        Ok(request) => consent(&state, &request, &params),
        Err(refusal) => refuse(&state, refusal),
    }
}

/// `POST /authorize`: the person's answer. The request comes along in the form and is checked again.
pub async fn decide(
    State(state): State<ProviderState>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if pages::from_elsewhere(&headers) {
        return refuse(
            &state,
            Refusal::Page("The answer did not come from our own page."),
        );
    }
    let Ok(params) = Params::from_form(&headers, &body) else {
        return refuse(&state, Refusal::Page("The answer could not be read."));
    };
    let request = match Authorization::parse(&state, &params) {
        Ok(request) => request,
        Err(refusal) => return refuse(&state, refusal),
    };
    let account = params.value("account").and_then(Account::by_sub);
    match (params.value("decision"), account) {
        (Some("allow"), Some(account)) => allow(&state, request, account),
        (Some("deny"), _) => refuse(
            &state,
            Refusal::Back {
                redirect: Box::new(request.redirect),
                error: "access_denied",
                description: "The person said no.",
            },
        ),
        _ => refuse(
            &state,
            Refusal::Page("Please choose an account and an answer."),
        ),
    }
}

fn allow(state: &ProviderState, request: Authorization<'_>, account: &Account) -> Response {
    let secret = state.entropy().token();
    let code = Code {
        client_id: request.client.id.clone(),
        redirect_uri: request.redirect.uri.clone(),
        account: account.sub.to_owned(),
        scopes: request
            .scopes
            .iter()
            .map(|scope| scope.id.to_owned())
            .collect(),
        challenge: request.challenge,
        expires_at: state.now().plus(CODE_LIFETIME).micros(),
        grant: None,
    };
    match state.change(|ledger| ledger.add_code(&secret, code)) {
        Ok(()) => request.redirect.answer(state, &[("code", &secret)]),
        Err(error) => {
            tracing::error!(%error, "the sample provider could not write its state");
            refuse(
                state,
                Refusal::Back {
                    redirect: Box::new(request.redirect),
                    error: "server_error",
                    description: "The provider could not write its state.",
                },
            )
        }
    }
}

impl<'a> Authorization<'a> {
    fn parse(state: &'a ProviderState, params: &Params) -> Result<Self, Refusal> {
        let client = params
            .value("client_id")
            .and_then(|id| state.client(id))
            .ok_or(Refusal::Page(
                "We do not know the program that sent you here.",
            ))?;
        let redirect = Redirect::parse(state, client, params).ok_or(Refusal::Page(
            "The program that sent you here asks to be answered at an address it has not registered with us.",
        ))?;
        match Self::check(client, params) {
            Ok((scopes, challenge)) => Ok(Self {
                client,
                redirect,
                scopes,
                challenge,
            }),
            Err((error, description)) => Err(Refusal::Back {
                redirect: Box::new(redirect),
                error,
                description,
            }),
        }
    }

    fn check(
        client: &Client,
        params: &Params,
    ) -> Result<(Vec<&'static Scope>, String), (&'static str, &'static str)> {
        if params.value("state").is_none() {
            return Err(("invalid_request", "state is required."));
        }
        match params.value("response_type") {
            Some("code") => {}
            Some(_) => return Err(("unsupported_response_type", "Only code is answered.")),
            None => return Err(("invalid_request", "response_type is required.")),
        }
        if params.value("code_challenge_method") != Some("S256") {
            return Err(("invalid_request", "code_challenge_method must be S256."));
        }
        // The base64url of a SHA-256 has 43 characters.
        let challenge = params
            .value("code_challenge")
            .filter(|challenge| challenge.len() == 43)
            .ok_or(("invalid_request", "code_challenge is missing or malformed."))?;
        let scopes: Option<Vec<_>> = params
            .value("scope")
            .unwrap_or_default()
            .split_ascii_whitespace()
            .map(|id| client.app.scope(id))
            .collect();
        let scopes = scopes.filter(|scopes| !scopes.is_empty()).ok_or((
            "invalid_scope",
            "scope is missing or names something unknown.",
        ))?;
        Ok((scopes, challenge.to_owned()))
    }
}

impl Redirect {
    fn parse(state: &ProviderState, client: &Client, params: &Params) -> Option<Self> {
        let uri = params.value("redirect_uri")?;
        let registered = state
            .ledger()
            .redirect_uris(&client.id)
            .any(|known| known == uri);
        let url = Url::parse(uri).ok().filter(|_| registered)?;
        Some(Self {
            uri: uri.to_owned(),
            url,
            state: params.value("state").map(str::to_owned),
        })
    }

    /// 303, so that the POST and its body end here (RFC 9700 §4.12).
    fn answer(mut self, state: &ProviderState, pairs: &[(&str, &str)]) -> Response {
        self.url
            .query_pairs_mut()
            .extend_pairs(pairs)
            .extend_pairs(self.state.iter().map(|state| ("state", state)))
            .append_pair("iss", &state.0.origin);
        let headers = [
            (header::LOCATION, String::from(self.url)),
            (header::CACHE_CONTROL, "no-store".to_owned()),
            (header::REFERRER_POLICY, "no-referrer".to_owned()),
        ];
        (StatusCode::SEE_OTHER, headers).into_response()
    }
}

fn refuse(state: &ProviderState, refusal: Refusal) -> Response {
    match refusal {
        Refusal::Page(told) => pages::error(state, StatusCode::BAD_REQUEST, told),
        Refusal::Back {
            redirect,
            error,
            description,
        } => redirect.answer(
            state,
            &[("error", error), ("error_description", description)],
        ),
    }
}

fn consent(state: &ProviderState, request: &Authorization<'_>, params: &Params) -> Response {
    let client = request.client;
    let carried: Vec<(&str, &str)> = CARRIED
        .iter()
        .filter_map(|name| Some((*name, params.value(name)?)))
        .collect();
    let context = context! {
        app => Serde(client.app),
        asks => client.name.as_str(),
        scopes => Serde(&request.scopes),
        accounts => Serde(ACCOUNTS),
        returns_to => request.redirect.url.host_str(),
        request => Serde(&carried),
    };
    // Chromium holds the redirect after the POST against `form-action`, so the client's own origins stand there too.
    let targets: Vec<String> = state
        .ledger()
        .redirect_uris(&client.id)
        .filter_map(|uri| Some(Url::parse(uri).ok()?.origin().ascii_serialization()))
        .collect();
    pages::Page {
        status: StatusCode::OK,
        template: ("consent.html", include_str!("consent.html")),
        context,
        form_targets: &targets,
    }
    .answer(state)
}
