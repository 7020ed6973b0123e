use std::{
    collections::{HashMap, HashSet, VecDeque},
    net::Ipv4Addr,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Form, Json, Router,
    body::Body,
    extract::State,
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{any, post},
};
use futures_util::stream;
use latchkey_tenants::catalogue::App;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Semaphore};

/// A provider on a free port of loopback. It takes each refresh token once, as strict ones do.
#[derive(Clone)]
pub struct Provider {
    origin: String,
    state: Shared,
}

type Shared = Arc<Mutex<Ledger>>;

#[derive(Default)]
struct Ledger {
    live: HashSet<String>,
    issued: usize,
    refreshes: Vec<String>,
    refused: usize,
    revoked: Vec<Revocation>,
    token_script: VecDeque<Step>,
    revoke_script: VecDeque<Step>,
}

/// A call to the revocation endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    pub method: Method,
    pub token: String,
    pub hint: Option<String>,
}

/// What the provider does with its next call, instead of what it would do by itself.
#[derive(Clone)]
pub enum Step {
    /// As ever.
    Honest,
    Answer(u16, Vec<(&'static str, &'static str)>, String),
    /// The answer breaks off.
    HangUp,
    /// First this gate, then the step.
    After(Gate, Box<Step>),
}

impl Step {
    pub fn json(status: u16, body: Value) -> Self {
        Self::Answer(
            status,
            vec![("content-type", "application/json")],
            body.to_string(),
        )
    }

    pub fn error(status: u16, code: &str) -> Self {
        Self::json(status, json!({ "error": code }))
    }

    pub fn after(gate: &Gate, step: Self) -> Self {
        Self::After(gate.clone(), Box::new(step))
    }
}

/// Holds a call until the test lets it go on.
#[derive(Clone)]
pub struct Gate(Arc<(Semaphore, Semaphore)>);

impl Gate {
    pub fn shut() -> Self {
        Self(Arc::new((Semaphore::new(0), Semaphore::new(0))))
    }

    /// Returns when a call stands before the gate.
    pub async fn reached(&self) {
        self.0.0.acquire().await.unwrap().forget();
    }

    pub fn open(&self) {
        self.0.1.add_permits(1);
    }

    async fn pass(&self) {
        self.0.0.add_permits(1);
        self.0.1.acquire().await.unwrap().forget();
    }
}

impl Provider {
    /// Knows the refresh token `rt-0`.
    pub async fn start() -> Self {
        let state = Shared::default();
        lock(&state).live.insert("rt-0".to_owned());
        let router = Router::new()
            .route("/token", post(token))
            .route("/revoke", any(revoke))
            .with_state(Arc::clone(&state));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { origin, state }
    }

    /// The app as a catalogue's row, with the given fields on top.
    pub fn app(&self, unusual: Value) -> App {
        let url = |path: &str| format!("{}{path}", self.origin);
        let mut row = json!({
            "slug": "acme-crm", "name": "Acme CRM", "category": "test",
            "authorize": {"url": url("/authorize")},
            "token": {"url": url("/token")},
            "revoke": {"url": url("/revoke")},
        });
        merge(&mut row, unusual);
        serde_json::from_value(row).unwrap()
    }

    /// The next calls to the token endpoint go so.
    pub fn on_token(&self, steps: impl IntoIterator<Item = Step>) {
        lock(&self.state).token_script.extend(steps);
    }

    pub fn on_revoke(&self, steps: impl IntoIterator<Item = Step>) {
        lock(&self.state).revoke_script.extend(steps);
    }

    pub fn forget_every_grant(&self) {
        lock(&self.state).live.clear();
    }

    /// The refresh tokens that came, in order.
    pub fn refreshes(&self) -> Vec<String> {
        lock(&self.state).refreshes.clone()
    }

    /// How often a refresh token came that was used up or unknown.
    pub fn refused(&self) -> usize {
        lock(&self.state).refused
    }

    pub fn revocations(&self) -> Vec<Revocation> {
        lock(&self.state).revoked.clone()
    }
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

fn lock(state: &Shared) -> MutexGuard<'_, Ledger> {
    state.lock().unwrap()
}

type Fields = Form<HashMap<String, String>>;

async fn token(State(state): State<Shared>, Form(fields): Fields) -> Response {
    assert_eq!(fields["grant_type"], "refresh_token");
    let token = fields["refresh_token"].clone();
    let step = {
        let mut ledger = lock(&state);
        ledger.refreshes.push(token.clone());
        ledger.token_script.pop_front()
    };
    match scripted(step).await {
        Some(answer) => answer,
        None => renew(&mut lock(&state), &token),
    }
}

fn renew(ledger: &mut Ledger, token: &str) -> Response {
    if !ledger.live.remove(token) {
        ledger.refused += 1;
        let error = Json(json!({ "error": "invalid_grant" }));
        return (StatusCode::BAD_REQUEST, error).into_response();
    }
    ledger.issued += 1;
    let count = ledger.issued;
    ledger.live.insert(format!("rt-{count}"));
    Json(json!({
        "access_token": format!("at-{count}"), "refresh_token": format!("rt-{count}"),
        "token_type": "Bearer", "expires_in": 3600,
    }))
    .into_response()
}

async fn revoke(
    State(state): State<Shared>,
    method: Method,
    headers: HeaderMap,
    body: String,
) -> Response {
    let fields: HashMap<String, String> = url::form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    let bearer = headers.get(header::AUTHORIZATION);
    let bearer = bearer.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let token = fields.get("token").map(String::as_str).or(bearer).unwrap();
    let step = {
        let mut ledger = lock(&state);
        ledger.live.remove(token);
        ledger.revoked.push(Revocation {
            method,
            token: token.to_owned(),
            hint: fields.get("token_type_hint").cloned(),
        });
        ledger.revoke_script.pop_front()
    };
    let answer = scripted(step).await;
    answer.unwrap_or_else(|| StatusCode::OK.into_response())
}

async fn scripted(step: Option<Step>) -> Option<Response> {
    let mut step = step?;
    while let Step::After(gate, then) = step {
        gate.pass().await;
        step = *then;
    }
    match step {
        Step::Answer(status, headers, body) => {
            let mut answer = Response::builder().status(status);
            for (name, value) in headers {
                answer = answer.header(name, value);
            }
            Some(answer.body(Body::from(body)).unwrap())
        }
        Step::HangUp => {
            let broken = stream::iter([Err::<String, _>(std::io::Error::other("gone"))]);
            Some(Body::from_stream(broken).into_response())
        }
        Step::Honest | Step::After(..) => None,
    }
}
