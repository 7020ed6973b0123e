use latchkey_tenants::{
    Agency, Lifetime, Member, NewRequest, Recipient, SlotRef, Store, Tx,
    store::{NewSession, SignInMethod},
};
use secrecy::{ExposeSecret, SecretString};

use crate::scene::{connect, workflow};

/// Requests 10,000, connections 5,000.
const WORKSPACES: usize = 1_000;
const REQUESTS_EACH: usize = 10;
/// Every room of the console, its lists searched and filtered too.
const PAGES: [&str; 23] = [
    "",
    "/apps",
    "/apps/slack",
    "/audit",
    "/connections",
    "/connections?q=globex-77",
    "/domains",
    "/email",
    "/email/held-back",
    "/keys",
    "/people",
    "/people/clients",
    "/requests",
    "/requests/new",
    "/requests?q=globex-77",
    "/requests?state=sent",
    "/settings",
    "/theme",
    "/workflows",
    "/workflows/new",
    "/workflows?q=globex-77",
    "/workspaces",
    "/workspaces?q=globex-77",
];

/// What its staff sees in a crowded agency.
pub struct Crowd {
    /// Of its owner's session.
    pub cookie: String,
    pub pages: Vec<String>,
}

/// Fills an agency up, every other request connected, and signs its owner in.
pub async fn crowd(store: &Store, agency: &Agency, host: &str) -> Crowd {
    let mut pages = Vec::new();
    for number in 0..WORKSPACES {
        let mut tx = store.begin(&agency.id).await.expect("a transaction");
        let found = workspace(&mut tx, number).await;
        tx.commit().await.expect("committed");
        if number == WORKSPACES / 2 {
            pages.extend(found);
        }
    }
    pages.extend(PAGES.map(|page| format!("/dashboard{page}")));
    pages.sort();
    let mut tx = store.begin(&agency.id).await.expect("a transaction");
    let secret = sign_in(&mut tx, host).await;
    tx.commit().await.expect("committed");
    Crowd {
        cookie: format!("__Host-session={}", secret.expose_secret()),
        pages,
    }
}

/// Its pages, and those of what is in it.
async fn workspace(tx: &mut Tx, number: usize) -> Vec<String> {
    let workflow = workflow(tx, &format!("globex-{number}")).await;
    let mut pages = vec![
        format!("/dashboard/workspaces/{}", workflow.workspace_id),
        format!("/dashboard/workflows/{}", workflow.id),
    ];
    for turn in 0..REQUESTS_EACH {
        let request = NewRequest {
            workspace_id: workflow.workspace_id.clone(),
            asked: Recipient {
                email: format!("jo{turn}@globex-{number}.example")
                    .parse()
                    .expect("an address"),
                name: None,
            }
            .into(),
            note: None,
            language: None,
            lifetime: Lifetime::MAILED,
            reminders: None,
            slots: vec![SlotRef {
                workflow_id: workflow.id.clone(),
                slot_id: workflow.slots[turn % workflow.slots.len()].id.clone(),
            }],
        };
        let request = tx
            .request_create(request, "bench")
            .await
            .expect("a request");
        let sent = tx.request_make_link(&request.id, "bench").await;
        sent.expect("a link");
        if turn == 0 {
            pages.push(format!("/dashboard/requests/{}", request.id));
        }
        if turn % 2 == 0 {
            let connection = connect(tx, &request.items[0].id).await;
            if turn == 0 {
                pages.push(format!("/dashboard/connections/{connection}"));
            }
        }
    }
    pages
}

async fn owner(tx: &mut Tx) -> Member {
    let email = "ana@northwind.example".parse().expect("an address");
    let owner = tx.member_by_email(&email).await.expect("read");
    owner.expect("the owner")
}

async fn sign_in(tx: &mut Tx, host: &str) -> SecretString {
    let new = NewSession {
        member: &owner(tx).await,
        host,
        method: SignInMethod::Mail,
        browser: "bench",
        device: None,
        second_factor: false,
    };
    tx.session_start(new).await.expect("a session").secret
}
