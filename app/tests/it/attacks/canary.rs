use secrecy::ExposeSecret;
use serde_json::json;

use crate::support::{
    browser::Answer,
    logs::Logs,
    provider::{CLIENT_SECRET, id_token},
    world::{World, contains, start},
};

/// Everything that may show a secret to someone, by the name of the place.
struct Places {
    answers: Vec<Answer>,
    logs: Logs,
    world: World,
}

impl Places {
    async fn assert_hidden(&self, secret: &str, but_headers: bool) {
        assert!(secret.len() >= 16, "{secret}");
        assert!(
            !self.logs.text().contains(secret),
            "{secret} stands in the log"
        );
        for answer in &self.answers {
            assert!(!answer.body.contains(secret), "{secret} stands on a page");
            let headers = answer.headers.iter();
            let shown = headers
                .filter(|(_, value)| contains(value.as_bytes(), secret.as_bytes()))
                .count();
            assert!(shown == 0 || but_headers, "{secret} stands in a header");
        }
        assert!(
            !contains(&self.world.database_bytes(), secret.as_bytes()),
            "{secret} stands in the database"
        );
    }

    async fn assert_events_and_mails_are_silent(&self, secrets: &[String]) {
        let world = &self.world;
        let filter = latchkey_tenants::store::EventFilter::default();
        let events = world
            .read(&world.north, async |tx| tx.events(&filter, 1000).await)
            .await;
        let mut text: String = events.iter().map(|event| format!("{event:?}")).collect();
        for request in world.requests(&world.north).await {
            let mails = world.mails(&world.north, &request.id).await;
            text.extend(mails.iter().map(|mail| format!("{mail:?}")));
            text.push_str(&format!("{request:?}"));
        }
        for connection in world.connections(&world.north).await {
            let found = world
                .read(&world.north, async |tx| {
                    tx.connection_with_credential(&connection.id).await
                })
                .await;
            text.push_str(&format!("{found:?}"));
        }
        for secret in secrets {
            assert!(
                !text.contains(secret),
                "{secret} stands in an event, mail or Debug text"
            );
        }
    }
}

fn query(screen: &url::Url, name: &str) -> String {
    let mut pairs = screen.query_pairs();
    pairs
        .find(|(known, _)| known == name)
        .unwrap()
        .1
        .into_owned()
}

#[tokio::test]
async fn canary_no_secret_of_a_whole_journey_shows_where_it_must_not() {
    let logs = Logs::capture();
    let world = World::bare(|platform| platform).await;
    let app = world
        .crm
        .app(json!({"issuer": "https://idp.example", "required_scopes": ["openid"]}));
    world.register(&world.north, &app).await;
    world
        .register(&world.north, &world.mail.app(json!({})))
        .await;
    let sent = world.ask(&world.north, &["acme-crm", "globe-mail"]).await;
    let mut browser = world.browser(&world.north);
    let mut answers = Vec::new();

    answers.push(browser.head(&sent.link).await);
    answers.push(browser.get(&sent.link).await);
    let clean = answers[1].led_to();
    answers.push(browser.get(&clean).await);
    let page = answers[2].clone();
    let csrf = page.csrf();
    let screen = start(&mut browser, &page, &sent.request.items[0]).await;
    let forged =
        id_token(&json!({"iss": "https://idp.example", "aud": "x", "nonce": "planted-nonce"}));
    world.crm.add_to_tokens(json!({"id_token": forged}));
    let refused = world.crm.consent(&screen);
    answers.push(browser.get(&refused.url()).await);
    answers.push(browser.get(&clean).await);
    world.crm.add_to_tokens(json!({"id_token": null}));
    let second = start(&mut browser, &page, &sent.request.items[0]).await;
    let callback = world.crm.consent(&second);
    let flow_cookie = browser.cookies_like("__Host-flow-").remove(0);
    let flow_cookie = browser.cookies()[&flow_cookie].clone();
    let session = browser.cookies_like("__Host-link-").remove(0);
    let session = browser.cookies()[&session].clone();
    answers.push(world.browser(&world.north).get(&callback.url()).await);
    answers.push(browser.get(&callback.url()).await);
    answers.push(browser.get(&callback.url()).await);
    answers.push(browser.get(&clean).await);

    // The other provider repeats everything that it was told, in every way it has.
    let third = start(&mut browser, &page, &sent.request.items[1]).await;
    world.mail.on_token(|asked| {
        let said = format!("{} {:?}", asked.head, asked.fields);
        let error = json!({"error": "server_error", "error_description": said});
        crate::support::provider::json_answer("400 Bad Request", &error)
    });
    let echoed = world.mail.consent(&third);
    answers.push(browser.get(&echoed.url()).await);
    answers.push(browser.get(&clean).await);
    let path = format!("/connect/items/{}/decline", sent.request.items[1].id);
    answers.push(browser.post(&path, &[("csrf", &csrf)]).await);
    answers.push(browser.get(&clean).await);

    let verifiers: Vec<_> = world
        .crm
        .token_requests()
        .iter()
        .chain(&world.mail.token_requests())
        .map(|asked| asked.field("code_verifier").to_owned())
        .collect();
    assert_eq!(verifiers.len(), 3);
    let mut secrets = vec![
        CLIENT_SECRET.to_owned(),
        forged,
        sent.link.rsplit('/').next().unwrap().to_owned(),
        "planted-access-acme-crm".to_owned(),
        "planted-refresh-acme-crm".to_owned(),
    ];
    secrets.extend(verifiers);
    secrets.extend([&refused, &callback, &echoed].map(|callback| callback.get("code").to_owned()));
    let mut in_headers: Vec<_> = [&screen, &second, &third]
        .map(|screen| query(screen, "state"))
        .into();
    in_headers.extend([flow_cookie, session]);
    let places = Places {
        answers,
        logs,
        world,
    };
    for secret in &secrets {
        places.assert_hidden(secret, false).await;
    }
    for secret in &in_headers {
        places.assert_hidden(secret, true).await;
    }
    secrets.extend(in_headers);
    places.assert_events_and_mails_are_silent(&secrets).await;
    assert!(
        places.logs.text().contains("answered") && places.logs.text().contains("hyper"),
        "the log was captured"
    );
}

#[tokio::test]
async fn canary_what_is_sealed_can_be_opened_and_was_really_planted() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
    browser
        .get(&world.crm.consent(&screen).url())
        .await
        .led_to();
    let id = world.connections(&world.north).await.remove(0).id;
    let found = world
        .read(&world.north, async |tx| {
            tx.connection_with_credential(&id).await
        })
        .await;
    let credential = found.unwrap().1.unwrap();
    assert_eq!(
        credential.access_token.expose_secret(),
        "planted-access-acme-crm-1"
    );
    assert_eq!(
        credential.refresh_token.unwrap().expose_secret(),
        "planted-refresh-acme-crm-1"
    );
}
