use std::collections::BTreeMap;

use latchkey_tenants::{
    Account, ThemeKind,
    store::{NewConnection, NewTheme, Tokens},
};
use latchkey_themes::{Package, package::BrandKit};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::client::Client;

/// One of everything that an agency can have, made through the API where the API can make it.
pub struct World<'a> {
    pub client: Client<'a>,
    pub workspace: Value,
    pub workflow: Value,
    /// Sent, its one item connected.
    pub request: Value,
    pub connection: String,
    /// Claimed, no more.
    pub domain: Value,
    /// Open.
    pub invitation: Value,
    /// The owner.
    pub member: String,
    /// A draft.
    pub theme: Value,
    /// Claimed, no more.
    pub sender: Value,
}

/// Wants no reminders.
pub const REFUSED: &str = "jo@globex.example";

/// Stands in every token; no answer but one may show it.
pub const CANARY: &str = "canary-5d1e";

impl<'a> World<'a> {
    pub async fn of(client: Client<'a>) -> Self {
        client.post("/apps", own_app()).await.expect(201);
        let secret = json!({"client_id": "8f3a", "client_secret": CANARY});
        client
            .put("/apps/own-crm/oauth-client", secret)
            .await
            .expect(200);
        let workspace = json!({"name": "Globex", "slug": "globex"});
        let workspace = client.post("/workspaces", workspace).await.expect(201);
        let workflow = workflow(&client, &workspace, &["own-crm"]).await;
        let request = request(&client, &workflow, true).await;
        let connection = connect(&client, &request).await;
        let domain = json!({"host": "connect.northwind.example"});
        let domain = client.post("/domains", domain).await.expect(201);
        let invitation = json!({"email": "new@northwind.example", "role": "member"});
        let invitation = client.post("/invitations", invitation).await.expect(201);
        let members = client.get("/members").await.expect(200);
        let member = text(&members["data"][0]["id"]).to_owned();
        let theme = draft(&client).await;
        let sender = json!({"host": "mail.northwind.example"});
        let sender = client.post("/sender-domains", sender).await.expect(201);
        refuse_reminders(&client, &request).await;
        Self {
            client,
            theme,
            workspace,
            workflow,
            request,
            connection,
            domain,
            invitation,
            member,
            sender,
        }
    }

    /// The path with ids of this world.
    pub fn fill(&self, path: &str) -> String {
        let id = match path.split('/').nth(1) {
            Some("workspaces") => text(&self.workspace["id"]),
            Some("workflows") => text(&self.workflow["id"]),
            Some("requests") => text(&self.request["id"]),
            Some("connections") => &self.connection,
            Some("domains") => text(&self.domain["id"]),
            Some("members") => &self.member,
            Some("invitations") => text(&self.invitation["id"]),
            Some("themes") => text(&self.theme["id"]),
            Some("sender-domains") => text(&self.sender["id"]),
            _ => "",
        };
        path.replace("{id}", id)
            .replace("{item}", text(&self.request["items"][0]["id"]))
            .replace("{app}", "own-crm")
            .replace("{email}", REFUSED)
    }

    pub fn ids(&self) -> [&str; 6] {
        let made = [
            &self.workspace,
            &self.workflow,
            &self.request,
            &self.domain,
            &self.theme,
        ];
        let [workspace, workflow, request, domain, theme] = made.map(|made| text(&made["id"]));
        [
            workspace,
            workflow,
            request,
            domain,
            theme,
            &self.connection,
        ]
    }
}

/// Put into the store as it is: checking one takes longer than most tests.
async fn draft(client: &Client<'_>) -> Value {
    let kit = BrandKit {
        name: "Northwind".to_owned(),
        color: "#0b5fff".to_owned(),
        ..BrandKit::default()
    };
    let package = Package::from_brand_kit(&kit).unwrap();
    let store = &client.api.app.test.store;
    let mut tx = store.begin(&client.agency.id).await.unwrap();
    let new = NewTheme {
        hash: &package.hash.to_string(),
        name: "Northwind",
        version: "1.0.0",
        kind: ThemeKind::BrandKit,
        package: &package.to_zip(),
        report: &json!({"findings": []}),
    };
    let (version, _) = tx.theme_add(new, "staff").await.unwrap();
    tx.commit().await.unwrap();
    json!({"id": version.id})
}

async fn refuse_reminders(client: &Client<'_>, request: &Value) {
    let id = text(&request["id"]).parse().unwrap();
    let store = &client.api.app.test.store;
    let mut tx = store.begin(&client.agency.id).await.unwrap();
    let mail = tx.mails_of(&id).await.unwrap().swap_remove(0);
    tx.reminders_refuse(&mail).await.unwrap();
    tx.commit().await.unwrap();
}

pub fn own_app() -> Value {
    json!({
        "slug": "own-crm", "name": "Acme CRM",
        "authorization_endpoint": "https://idp.example/authorize",
        "token_endpoint": "https://idp.example/token",
        "scopes": [{"id": "contacts.read", "label": "Read your contacts"}],
    })
}

pub async fn workflow(client: &Client<'_>, workspace: &Value, apps: &[&str]) -> Value {
    let slots: Vec<_> = apps.iter().map(|app| json!({"app": app})).collect();
    let new = json!({"workspace_id": workspace["id"], "name": "Weekly report", "slots": slots});
    client.post("/workflows", new).await.expect(201)
}

/// For every slot of the workflow.
pub async fn request(client: &Client<'_>, workflow: &Value, send: bool) -> Value {
    let slots = workflow["slots"].as_array().unwrap().iter();
    let items: Vec<_> = slots
        .map(|slot| json!({"workflow_id": workflow["id"], "slot_id": slot["id"]}))
        .collect();
    let new = json!({
        "workspace_id": workflow["workspace_id"], "items": items, "send": send,
        "recipient": {"email": "jo@globex.example", "name": "Jo"}, "note": "For your Monday report",
    });
    client.post("/requests", new).await.expect(201)
}

/// The client comes back from the provider, for the request's first item.
pub async fn connect(client: &Client<'_>, request: &Value) -> String {
    connect_as(client, request, "jo@globex.example").await
}

pub async fn connect_as(client: &Client<'_>, request: &Value, account: &str) -> String {
    let app = &client.api.app;
    let item = text(&request["items"][0]["id"]).parse().unwrap();
    let mut tx = app.test.store.begin(&client.agency.id).await.unwrap();
    let requested = ["contacts.read".to_owned(), "contacts.write".to_owned()];
    let new = NewConnection {
        item_id: &item,
        authorized_email: None,
        actor: "recipient",
        account: Some(Account {
            id: "T01".to_owned(),
            label: Some(account.to_owned()),
        }),
        proven: true,
        scopes_requested: &requested,
        scopes_granted: &requested[..1],
        host_vars: &BTreeMap::new(),
        tokens: Tokens {
            access_token: &SecretString::from(format!("{CANARY}-access")),
            refresh_token: Some(&SecretString::from(format!("{CANARY}-refresh"))),
            token_type: "Bearer",
            expires_at: None,
        },
    };
    let (_, connection) = tx.connection_fulfil(new).await.unwrap();
    tx.commit().await.unwrap();
    connection.to_string()
}

#[track_caller]
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}
