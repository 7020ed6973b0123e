use latchkey_tenants::{
    Agency, Lifetime, NewRequest, Recipient, SlotRef, Store, Tx,
    store::{NewSession, SignInMethod},
};
use secrecy::{ExposeSecret, SecretString};

use crate::scene::{connect, workflow};

/// Requests 10,000, connections 5,000.
const WORKSPACES: usize = 1_000;
const REQUESTS_EACH: usize = 10;

/// Pages of the console that look through all of it.
pub const PAGES: [&str; 7] = [
    "/dashboard",
    "/dashboard/requests",
    "/dashboard/requests?q=globex-77",
    "/dashboard/workflows",
    "/dashboard/connections",
    "/dashboard/workspaces",
    "/dashboard/audit",
];

/// Fills an agency up, every other request connected, and signs its owner in: the session's cookie.
pub async fn crowd(store: &Store, agency: &Agency, host: &str) -> String {
    for number in 0..WORKSPACES {
        let mut tx = store.begin(&agency.id).await.expect("a transaction");
        workspace(&mut tx, number).await;
        tx.commit().await.expect("committed");
    }
    let mut tx = store.begin(&agency.id).await.expect("a transaction");
    let secret = sign_in(&mut tx, host).await;
    tx.commit().await.expect("committed");
    format!("__Host-session={}", secret.expose_secret())
}

async fn workspace(tx: &mut Tx, number: usize) {
    let workflow = workflow(tx, &format!("globex-{number}")).await;
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
        if turn % 2 == 0 {
            connect(tx, &request.items[0].id).await;
        }
    }
}

async fn sign_in(tx: &mut Tx, host: &str) -> SecretString {
    let email = "ana@northwind.example".parse().expect("an address");
    let owner = tx.member_by_email(&email).await.expect("read");
    let new = NewSession {
        member: &owner.expect("the owner"),
        host,
        method: SignInMethod::Mail,
        browser: "bench",
        device: None,
        second_factor: false,
    };
    tx.session_start(new).await.expect("a session").secret
}
