//! Killed anywhere between the provider's redirect and the answered page, the item is afterwards either pending and can be
//! connected again, or fulfilled with its credential.

use std::{collections::BTreeMap, net::SocketAddr};

use serde_json::{Value, json};

use crate::{
    http::{Answer, Call, Provider},
    support::{Installation, Running, text},
};

const HOST: &str = "northwind.localhost";

macro_rules! killed_at {
    ($($name:ident: $place:literal leaves $status:literal;)*) => {$(
        #[test]
        fn $name() {
            survives_a_kill($place, $status);
        }
    )*};
}

killed_at! {
    while_the_flow_is_taken: "callback.taking" leaves "pending";
    before_the_code_is_exchanged: "callback.taken" leaves "pending";
    with_tokens_in_hand: "callback.exchanged" leaves "pending";
    after_the_account_is_known: "callback.probed" leaves "pending";
    before_the_commit: "callback.written" leaves "pending";
    after_the_commit: "callback.committed" leaves "fulfilled";
    before_the_answer: "callback.answering" leaves "fulfilled";
}

fn survives_a_kill(place: &str, expected: &str) {
    let provider = Provider::start();
    let mut installation = installation();
    let api_key = agency(&installation);
    installation = installation.with("FAILPOINT", place);
    let (mut running, address) = start(&installation);
    let mut client = Client {
        address,
        api_key,
        cookies: BTreeMap::new(),
    };
    let request = client.lay_out(&provider);
    let callback = client.walk_to_the_provider(&request.link);
    assert!(
        client.page("GET", &callback, "").is_err(),
        "the process ends at {place}"
    );
    assert!(!running.ended().success());

    installation = installation.with("FAILPOINT", "nowhere");
    let (_running, address) = start(&installation);
    client.address = address;
    assert_eq!(
        client.item(&request.id)["status"],
        expected,
        "killed at {place}"
    );
    if expected == "pending" {
        let callback = client.walk_to_the_provider(&request.page);
        let back = client.page("GET", &callback, "").unwrap();
        assert_eq!(
            (back.status, back.header("location")),
            (303, request.page.as_str())
        );
    }
    let item = client.item(&request.id);
    assert_eq!(item["status"], "fulfilled");
    let path = format!(
        "/connections/{}/access-token",
        item["connection_id"].as_str().unwrap()
    );
    let token = client.api("POST", &path, &json!({}));
    assert_eq!(
        token["access_token"],
        format!("token-{}", provider.tokens()),
        "the credential of the last exchange"
    );
    assert_eq!(
        client.api(
            "GET",
            &format!("/workflows/{}/gate", request.workflow),
            &Value::Null
        )["state"],
        "open"
    );
}

fn installation() -> Installation {
    Installation::new()
        .with("LATCHKEY_EDGE_SECRET", "sixteen-letters-or-more")
        .with("LATCHKEY_DEV_LOOPBACK", "true")
        .with("LATCHKEY_PLATFORM_HOST", "localhost")
}

fn agency(installation: &Installation) -> String {
    let create =
        "agency create --slug northwind --name Northwind --owner-email ana@northwind.example";
    let created: Value = serde_json::from_str(text(&installation.run(create).stdout)).unwrap();
    created["api_key"].as_str().unwrap().to_owned()
}

struct Laid {
    id: String,
    workflow: String,
    link: String,
    page: String,
}

/// A client's browser and the agency's program in one.
struct Client {
    address: SocketAddr,
    api_key: String,
    cookies: BTreeMap<String, String>,
}

impl Client {
    fn api(&self, method: &str, path: &str, body: &Value) -> Value {
        let call = Call {
            method,
            path: &format!("/api/v1{path}"),
            host: HOST,
            headers: vec![
                ("Authorization", format!("Bearer {}", self.api_key)),
                ("Content-Type", "application/json".to_owned()),
            ],
            body: if body.is_null() {
                String::new()
            } else {
                body.to_string()
            },
        };
        let answer = call.send(self.address).unwrap();
        assert!(
            answer.status < 300,
            "{method} {path}: {} {}",
            answer.status,
            answer.body
        );
        answer.json()
    }

    fn item(&self, request: &str) -> Value {
        self.api("GET", &format!("/requests/{request}"), &Value::Null)["items"][0].clone()
    }

    fn lay_out(&self, provider: &Provider) -> Laid {
        let at = |path: &str| format!("http://{}{path}", provider.address);
        let app = json!({
            "slug": "acme-crm", "name": "Acme CRM", "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"), "userinfo_endpoint": at("/userinfo"),
            "scopes": [{ "id": "contacts.read", "label": "Read your contacts" }],
        });
        self.api("POST", "/apps", &app);
        let client = json!({ "client_id": "northwind", "client_secret": "s3cret" });
        self.api("PUT", "/apps/acme-crm/oauth-client", &client);
        let workspace = self.api(
            "POST",
            "/workspaces",
            &json!({ "name": "Globex", "slug": "globex" }),
        );
        let workspace = &workspace["id"];
        let slots = json!([{ "app": "acme-crm", "scopes": ["contacts.read"] }]);
        let workflow =
            json!({ "workspace_id": workspace, "name": "Weekly report", "slots": slots });
        let workflow = self.api("POST", "/workflows", &workflow);
        let request = json!({
            "workspace_id": workspace, "recipient": { "email": "jo@globex.example" },
            "items": [{ "workflow_id": workflow["id"], "slot_id": workflow["slots"][0]["id"] }],
        });
        let request = self.api("POST", "/requests", &request);
        let id = request["id"].as_str().unwrap().to_owned();
        let link = self.api("POST", &format!("/requests/{id}/link"), &json!({}));
        let link = link["url"]
            .as_str()
            .unwrap()
            .split_once("/connect/")
            .unwrap()
            .1;
        Laid {
            page: format!("/connect/requests/{id}"),
            link: format!("/connect/{link}"),
            workflow: workflow["id"].as_str().unwrap().to_owned(),
            id,
        }
    }

    fn page(&mut self, method: &str, path: &str, form: &str) -> std::io::Result<Answer> {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let call = Call {
            method,
            path,
            host: HOST,
            headers: vec![
                ("Cookie", cookies.join("; ")),
                (
                    "Content-Type",
                    "application/x-www-form-urlencoded".to_owned(),
                ),
            ],
            body: form.to_owned(),
        };
        let answer = call.send(self.address)?;
        for cookie in answer.all("set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        Ok(answer)
    }

    /// From a link or a page to the address that the provider would send the browser back to.
    fn walk_to_the_provider(&mut self, path: &str) -> String {
        let mut page = self.page("GET", path, "").unwrap();
        if page.status == 303 {
            let path = page.header("location").to_owned();
            page = self.page("GET", &path, "").unwrap();
        }
        assert_eq!(page.status, 200, "{}", page.body);
        let after = |mark: &str| {
            page.body
                .split_once(mark)
                .unwrap()
                .1
                .split('"')
                .next()
                .unwrap()
                .to_owned()
        };
        let (start, csrf) = (
            after(r#"class="start" method="post" action=""#),
            after(r#"name="csrf" value=""#),
        );
        let started = self.page("POST", &start, &format!("csrf={csrf}")).unwrap();
        assert_eq!(started.status, 303, "{}", started.body);
        let authorize = url::Url::parse(started.header("location")).unwrap();
        let query: BTreeMap<_, _> = authorize.query_pairs().into_owned().collect();
        let callback = url::Url::parse(&query["redirect_uri"]).unwrap();
        format!("{}?code=any&state={}", callback.path(), query["state"])
    }
}

fn start(installation: &Installation) -> (Running, SocketAddr) {
    let running = installation.start("app");
    let address = running.address("app listens");
    (running, address)
}
