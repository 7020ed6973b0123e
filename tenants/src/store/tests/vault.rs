//! The canary: nothing that must be sealed or hashed stands readable in the database.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};

use super::{
    apps::client,
    flows::Journey,
    raw::Cell,
    world::{World, fulfil, planted, refs, slot},
};
use crate::{
    ActionError, KeyScope, MailStatus, Request, Tx,
    store::{NewOauthClient, Tokens},
};

contract! {
    k1_no_secret_of_a_whole_life_is_readable_in_the_database,
    k3_a_sealed_secret_moved_to_another_row_does_not_open,
    k3_a_sealed_secret_moved_to_another_column_does_not_open,
}

async fn k1_no_secret_of_a_whole_life_is_readable_in_the_database(world: World) {
    let secrets = live(&world).await;
    assert!(secrets.len() >= 12);
    let everything = world.rows().await;
    let mut seen = 0;
    for (table, rows) in &everything {
        for cell in rows.iter().flatten() {
            seen += 1;
            let bytes = match cell {
                Cell::Text(text) => text.as_bytes(),
                Cell::Bytes(bytes) => bytes,
                Cell::Null | Cell::Int(_) => continue,
            };
            for (name, secret) in &secrets {
                assert!(!holds(bytes, secret), "{name} is readable in {table}");
            }
        }
    }
    assert!(seen > 500, "the dump holds a whole life");
    // What is no secret is readable: the search would find a secret too.
    let found = |text: &str| {
        let mut cells = everything.values().flatten().flatten();
        cells.any(|cell| matches!(cell, Cell::Text(cell) if cell.contains(text)))
    };
    assert!(found("jo@globex.example"));

    if let Some(path) = world.url.strip_prefix("sqlite://") {
        // The file also keeps what was deleted and not yet overwritten.
        for end in ["", "-wal"] {
            let file = std::fs::read(format!("{path}{end}")).unwrap();
            assert!(end.is_empty() || holds(&file, "jo@globex.example"));
            for (name, secret) in &secrets {
                assert!(!holds(&file, secret), "{name} is readable in the file{end}");
            }
        }
    }
}

/// Everything that an agency can go through with secrets; what was planted or handed out on the way.
async fn live(world: &World) -> Vec<(&'static str, String)> {
    let mut secrets: Vec<(&str, SecretString)> = Vec::new();
    secrets.push((
        "an API key",
        world.api_key(&world.ours, KeyScope::ALL).await.1,
    ));
    secrets.extend(store_answers(world).await);
    let workflow = world.workflow(vec![slot("slack"), slot("gmail")]).await;
    let request = world.send(&world.queued(refs(&workflow)).await).await;
    secrets.push(("the link", world.mailed_link(&request).await));
    secrets.extend(connect(world, &request).await);
    let resend = async |tx: &mut Tx| tx.request_resend(&request.id, "staff").await;
    world.write(resend).await.unwrap();
    secrets.push(("the link sent again", world.mailed_link(&request).await));
    let copied = world
        .write(async |tx| tx.request_make_link(&request.id, "staff").await)
        .await;
    secrets.push(("the link for staff", copied.unwrap().1));
    end(world, &request).await;
    // Another one lives on, so that sealed tokens are there to be looked through.
    world.connected("github").await;
    secrets.push(("any planted secret", SecretString::from("planted-")));
    secrets
        .into_iter()
        .map(|(name, secret)| (name, secret.expose_secret().to_owned()))
        .collect()
}

async fn store_answers(world: &World) -> [(&'static str, SecretString); 2] {
    let secret = SecretString::from("planted-client-secret");
    let body = SecretString::from("planted-response-body");
    let client = NewOauthClient {
        client_secret: Some(secret.clone()),
        ..client("one", None)
    };
    world
        .write(async |tx| {
            tx.oauth_client_put("slack", &client, "staff").await?;
            tx.idempotency_claim("key", b"one").await?;
            tx.idempotency_store("key", 201, &body).await?;
            Ok::<_, ActionError>(())
        })
        .await
        .unwrap();
    [("the client secret", secret), ("a stored answer", body)]
}

/// Opens the link, goes to the provider and back, and refreshes what came.
async fn connect(world: &World, request: &Request) -> Vec<(&'static str, SecretString)> {
    let journey = Journey::new(world);
    let (first, second) = (planted("-first"), planted("-second"));
    let session = world
        .write(async |tx| {
            let session = tx.link_session_start(request, None, "host").await?;
            journey.start_in(tx, request).await?;
            let flow = tx.flow_take(&journey.state).await?.unwrap();
            let (_, id) = fulfil(tx, &flow.item_id, Some("T01"), &first).await?;
            let epoch = tx.credential_lease(&id, 0, "worker").await?.unwrap();
            let connection = tx.connection(&id).await?.unwrap();
            let new = Tokens {
                access_token: &second.0,
                refresh_token: Some(&second.1),
                token_type: "Bearer",
                expires_at: None,
            };
            assert!(tx.credential_refreshed(&connection, epoch, &new).await?);
            Ok::<_, ActionError>(session)
        })
        .await
        .unwrap();
    vec![
        ("the session", session),
        ("the state", journey.state),
        ("the flow's cookie", journey.cookie),
        ("the verifier", journey.verifier),
        ("an access token", first.0),
        ("a refresh token", first.1),
        ("a refreshed access token", second.0),
        ("a refreshed refresh token", second.1),
    ]
}

/// The mails go out and the connection is revoked.
async fn end(world: &World, request: &Request) {
    let item = &world.request_now(request).await.items[0];
    let connection = item.connection_id.clone().unwrap();
    world
        .write(async |tx| {
            for mail in tx.mails_of(&request.id).await? {
                tx.mail_done(&mail, MailStatus::Sent, None).await?;
            }
            tx.connection_revoked(&connection, "staff").await
        })
        .await
        .unwrap();
}

/// As it is, without its prefix, or as the bytes that it encodes.
fn holds(bytes: &[u8], secret: &str) -> bool {
    let body = secret.rsplit_once("lk_").map_or(secret, |(_, body)| body);
    let body = body.strip_prefix("link_").unwrap_or(body);
    let plain = bytes
        .windows(body.len())
        .any(|window| window == body.as_bytes());
    let decoded = URL_SAFE_NO_PAD.decode(body).unwrap_or_default();
    let raw = decoded.len() == 32 && bytes.windows(32).any(|window| window == decoded);
    plain || raw
}

async fn k3_a_sealed_secret_moved_to_another_row_does_not_open(world: World) {
    let (_, _, ours) = world.connected("slack").await;
    let (_, _, other) = world.connected("gmail").await;
    world
        .sql(&format!(
            "update credentials set access_token = (select access_token from credentials where connection_id = '{ours}') where connection_id = '{other}'"
        ))
        .await;
    let moved = world
        .read(async |tx| tx.connection_with_credential(&other).await)
        .await;
    assert!(matches!(moved, Err(crate::StoreError::Vault(_))));
}

async fn k3_a_sealed_secret_moved_to_another_column_does_not_open(world: World) {
    let (_, _, id) = world.connected("slack").await;
    world
        .sql("update credentials set access_token = refresh_token")
        .await;
    let moved = world
        .read(async |tx| tx.connection_with_credential(&id).await)
        .await;
    assert!(matches!(moved, Err(crate::StoreError::Vault(_))));
}
