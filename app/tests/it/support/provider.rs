use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use latchkey_tenants::catalogue::App;
use ring::digest;
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use super::{
    merge,
    server::{Reply, Server, answer},
};

/// A provider on a real socket. It is strict: a code works once, with the client, redirect URI and verifier it was made for.
pub struct Provider {
    pub slug: String,
    pub origin: String,
    server: Server,
    state: Arc<Mutex<State>>,
}

/// A request to the provider.
#[derive(Clone, Debug)]
pub struct Asked {
    pub line: String,
    pub head: String,
    pub fields: HashMap<String, String>,
}

type Script = Box<dyn Fn(&Asked) -> Reply + Send>;

struct State {
    /// Codes that were handed out and not used yet, with the authorize request they answer.
    codes: HashMap<String, HashMap<String, String>>,
    count: usize,
    account: Value,
    /// Laid over the answer of the token endpoint.
    extra: Value,
    token: Option<Script>,
    userinfo: Option<Script>,
    issuer: Option<String>,
}

/// What the agencies registered here.
pub const CLIENT_SECRET: &str = "planted-client-secret";

pub fn client_id(slug: &str, agency: &str) -> String {
    format!("{agency}-at-{slug}")
}

impl Provider {
    pub async fn start(slug: &str) -> Self {
        let state = Arc::new(Mutex::new(State {
            codes: HashMap::new(),
            count: 0,
            account: json!({"sub": "account-1", "email": "jo@globex.example"}),
            extra: json!({}),
            token: None,
            userinfo: None,
            issuer: None,
        }));
        let (told, name) = (Arc::clone(&state), slug.to_owned());
        let server = Server::start(move |request| {
            let asked = Asked::parse(request);
            reply(&mut told.lock().unwrap(), &name, &asked)
        })
        .await;
        let mut origin: String = server.url.origin().ascii_serialization();
        origin.push_str(&format!("/{slug}"));
        Self {
            slug: slug.to_owned(),
            origin,
            server,
            state,
        }
    }

    /// The app as an agency describes it, with the given fields on top.
    pub fn app(&self, unusual: Value) -> App {
        let (slug, origin) = (&self.slug, &self.origin);
        let mut row = json!({
            "slug": slug, "name": name_of(slug), "category": "own",
            "authorize": {"url": format!("{origin}/authorize")},
            "token": {"url": format!("{origin}/token")},
            "revoke": {"url": format!("{origin}/revoke")},
            "probe": {"url": format!("{origin}/userinfo"), "account_id": "/sub", "account_label": "/email"},
            "scopes": [
                {"id": "contacts.read", "label": "Read your contacts"},
                {"id": "contacts.write", "label": "Change your contacts"},
            ],
            "default_scopes": ["contacts.read"],
        });
        merge(&mut row, unusual);
        serde_json::from_value(row).unwrap()
    }

    /// The person says yes: what the consent screen leads back to.
    pub fn consent(&self, screen: &Url) -> Callback {
        assert!(
            screen
                .as_str()
                .starts_with(&format!("{}/authorize?", self.origin)),
            "{screen}"
        );
        let asked: HashMap<_, _> = screen.query_pairs().into_owned().collect();
        let mut state = self.state.lock().unwrap();
        state.count += 1;
        let code = format!("planted-code-{}-{}", self.slug, state.count);
        let mut back = Callback::of(&asked);
        back.set("code", &code);
        if let Some(issuer) = &state.issuer {
            back.set("iss", issuer);
        }
        state.codes.insert(code, asked);
        back
    }

    /// The person says no, or the provider does.
    pub fn refuse(&self, screen: &Url, error: &str) -> Callback {
        let asked: HashMap<_, _> = screen.query_pairs().into_owned().collect();
        let mut back = Callback::of(&asked);
        back.set("error", error);
        back.set(
            "error_description",
            "planted-description <b>of</b> the provider",
        );
        back
    }

    pub fn sign_in_as(&self, account: &str, email: &str) {
        self.state.lock().unwrap().account = json!({"sub": account, "email": email});
    }

    /// Names itself in every return (RFC 9207).
    pub fn announce(&self, issuer: &str) {
        self.state.lock().unwrap().issuer = Some(issuer.to_owned());
    }

    /// Lays fields over the answer of the token endpoint.
    pub fn add_to_tokens(&self, extra: Value) {
        self.state.lock().unwrap().extra = extra;
    }

    pub fn on_token(&self, reply: impl Fn(&Asked) -> Reply + Send + 'static) {
        self.state.lock().unwrap().token = Some(Box::new(reply));
    }

    pub fn on_userinfo(&self, reply: impl Fn(&Asked) -> Reply + Send + 'static) {
        self.state.lock().unwrap().userinfo = Some(Box::new(reply));
    }

    pub fn behave(&self) {
        let mut state = self.state.lock().unwrap();
        (state.token, state.userinfo) = (None, None);
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.server
            .requests()
            .iter()
            .map(|request| Asked::parse(request))
            .collect()
    }

    pub fn asked_for(&self, path: &str) -> Vec<Asked> {
        let path = format!("{path} HTTP/1.1");
        self.asked()
            .into_iter()
            .filter(|asked| asked.line.ends_with(&path))
            .collect()
    }

    pub fn token_requests(&self) -> Vec<Asked> {
        self.asked_for("/token")
    }
}

/// `acme-crm` is `Acme Crm`.
pub fn name_of(slug: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    };
    slug.split('-').map(word).collect::<Vec<_>>().join(" ")
}

/// The address that a provider sends the browser to, before it is written out.
#[derive(Clone, Debug)]
pub struct Callback {
    pub redirect_uri: String,
    pub params: Vec<(String, String)>,
}

impl Callback {
    fn of(asked: &HashMap<String, String>) -> Self {
        Self {
            redirect_uri: asked["redirect_uri"].clone(),
            params: vec![("state".to_owned(), asked["state"].clone())],
        }
    }

    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.params.retain(|(known, _)| known != name);
        self.params.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(&mut self, name: &str) -> &mut Self {
        self.params.retain(|(known, _)| known != name);
        self
    }

    pub fn get(&self, name: &str) -> &str {
        let found = self.params.iter().find(|(known, _)| known == name);
        &found.unwrap().1
    }

    pub fn url(&self) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.params)
            .finish();
        format!("{}?{query}", self.redirect_uri)
    }
}

impl Asked {
    fn parse(request: &str) -> Self {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        let line = head.lines().next().unwrap().to_owned();
        let pairs = form_urlencoded::parse(body.as_bytes());
        Self {
            line,
            head: head.to_owned(),
            fields: pairs.into_owned().collect(),
        }
    }

    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

fn reply(state: &mut State, slug: &str, asked: &Asked) -> Reply {
    let path = asked.line.split(' ').nth(1).unwrap();
    match path.rsplit('/').next().unwrap() {
        "token" => match &state.token {
            Some(script) => script(asked),
            None => trade(state, slug, asked),
        },
        "userinfo" => match &state.userinfo {
            Some(script) => script(asked),
            None => json_answer("200 OK", &state.account),
        },
        "revoke" => answer("200 OK", &[], ""),
        _ => answer("404 Not Found", &[], ""),
    }
}

fn trade(state: &mut State, slug: &str, asked: &Asked) -> Reply {
    let refuse = |why: &str| {
        json_answer(
            "400 Bad Request",
            &json!({"error": "invalid_grant", "error_description": why}),
        )
    };
    let Some(begun) = state.codes.remove(asked.field("code")) else {
        return refuse("this code was never given or is used");
    };
    let begun = |name: &str| begun.get(name).map_or("", String::as_str);
    let hash = digest::digest(&digest::SHA256, asked.field("code_verifier").as_bytes());
    let proven = begun("code_challenge").is_empty()
        || begun("code_challenge") == URL_SAFE_NO_PAD.encode(hash);
    let same = ["client_id", "redirect_uri"]
        .iter()
        .all(|name| asked.field(name) == begun(name));
    let secret = asked.field("client_secret") == CLIENT_SECRET;
    if !proven || !same || !secret || asked.field("grant_type") != "authorization_code" {
        return refuse("not what it was given for");
    }
    let count = state.count;
    let mut tokens = json!({
        "access_token": format!("planted-access-{slug}-{count}"),
        "refresh_token": format!("planted-refresh-{slug}-{count}"),
        "token_type": "Bearer", "expires_in": 3600,
    });
    merge(&mut tokens, state.extra.clone());
    json_answer("200 OK", &tokens)
}

pub fn json_answer(status: &str, body: &Value) -> Reply {
    answer(
        status,
        &["content-type: application/json"],
        &body.to_string(),
    )
}

/// An id_token that nobody signed: the channel it comes through vouches for it.
pub fn id_token(claims: &Value) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!(
        "{}.{}.{}",
        part(r#"{"alg":"RS256"}"#),
        part(&claims.to_string()),
        part("signature")
    )
}
