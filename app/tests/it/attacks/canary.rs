use latchkey_tenants::{Item, store::EventFilter};
use secrecy::ExposeSecret;
use serde_json::json;
use url::Url;

use crate::support::{
    browser::{Answer, Browser},
    logs::Logs,
    provider::{CLIENT_SECRET, Callback, id_token, json_answer},
    world::{World, contains, start},
};

/// A client's way, with everything that someone else may get to see of it.
struct Journey {
    world: World,
    browser: Browser,
    answers: Vec<Answer>,
    /// Must show nowhere.
    secrets: Vec<String>,
    /// May stand in a header for the browser they belong to, and nowhere else.
    in_headers: Vec<String>,
}

impl Journey {
    async fn get(&mut self, target: &str) -> Answer {
        let answer = self.browser.get(target).await;
        self.answers.push(answer.clone());
        answer
    }

    /// Presses `Connect {app}`; the flow's secrets are known from here on.
    async fn start(&mut self, page: &Answer, item: &Item) -> Url {
        self.browser.drop_cookies("__Host-flow-");
        let screen = start(&mut self.browser, page, item).await;
        let mut pairs = screen.query_pairs();
        let state = pairs
            .find(|(name, _)| name == "state")
            .unwrap()
            .1
            .into_owned();
        let cookie = self.browser.cookies_like("__Host-flow-").remove(0);
        self.in_headers.push(state);
        self.in_headers
            .push(self.browser.cookies()[&cookie].clone());
        screen
    }

    /// Comes back, here and from a stranger's browser, and looks at the page.
    async fn come_back(&mut self, callback: &Callback, clean: &str) -> Answer {
        self.secrets.push(callback.get("code").to_owned());
        let stranger = self
            .world
            .browser(&self.world.north)
            .get(&callback.url())
            .await;
        self.answers.push(stranger);
        for _ in 0..2 {
            self.get(&callback.url()).await;
        }
        self.get(clean).await
    }

    fn assert_hidden(&self, logs: &Logs) {
        let (log, database) = (logs.text(), self.world.database_bytes());
        let database = String::from_utf8_lossy(&database);
        for secret in self.secrets.iter().chain(&self.in_headers) {
            assert!(secret.len() >= 16, "{secret}");
            assert!(!log.contains(secret), "{secret} stands in the log");
            assert!(
                !database.contains(secret),
                "{secret} stands in the database"
            );
            for answer in &self.answers {
                assert!(!answer.body.contains(secret), "{secret} stands on a page");
            }
        }
        for (answer, secret) in self
            .answers
            .iter()
            .flat_map(|answer| self.secrets.iter().map(move |secret| (answer, secret)))
        {
            let shown = answer
                .headers
                .values()
                .any(|value| contains(value.as_bytes(), secret.as_bytes()));
            assert!(!shown, "{secret} stands in a header");
        }
    }

    async fn assert_debug_is_silent(&self) {
        let (world, north) = (&self.world, &self.world.north);
        let filter = EventFilter::default();
        let events = world
            .read(north, async |tx| tx.events(&filter, 1000).await)
            .await;
        let mut text = format!("{events:?}");
        for request in world.requests(north).await {
            text.push_str(&format!(
                "{request:?}{:?}",
                world.mails(north, &request.id).await
            ));
        }
        for connection in world.connections(north).await {
            let id = &connection.id;
            let found = world
                .read(north, async |tx| tx.connection_with_credential(id).await)
                .await;
            text.push_str(&format!("{found:?}"));
        }
        for secret in self.secrets.iter().chain(&self.in_headers) {
            assert!(
                !text.contains(secret),
                "{secret} stands in an event, mail or Debug text"
            );
        }
    }
}

/// An id_token of somewhere else, and then none.
async fn refused_and_connected(journey: &mut Journey, page: &Answer, clean: &str, item: &Item) {
    let claims = json!({"iss": "https://idp.example", "aud": "x", "nonce": "planted-nonce"});
    let forged = id_token(&claims);
    journey.world.crm.add_to_tokens(json!({"id_token": forged}));
    journey.secrets.push(forged);
    let screen = journey.start(page, item).await;
    let callback = journey.world.crm.consent(&screen);
    journey
        .come_back(&callback, clean)
        .await
        .says("reported a problem");
    journey.world.crm.add_to_tokens(json!({"id_token": null}));
    let screen = journey.start(page, item).await;
    let callback = journey.world.crm.consent(&screen);
    journey
        .come_back(&callback, clean)
        .await
        .says("1 of 2 connected");
}

/// A provider that repeats everything that it was told.
async fn repeated(journey: &mut Journey, page: &Answer, clean: &str, item: &Item) {
    journey.world.mail.on_token(|asked| {
        let said = format!("{} {:?}", asked.head, asked.fields);
        json_answer(
            "400 Bad Request",
            &json!({"error": "server_error", "error_description": said}),
        )
    });
    let screen = journey.start(page, item).await;
    let callback = journey.world.mail.consent(&screen);
    journey
        .come_back(&callback, clean)
        .await
        .says("1 of 2 connected");
}

#[tokio::test]
async fn canary_no_secret_of_a_whole_journey_shows_where_it_must_not() {
    let logs = Logs::capture();
    let world = World::bare(|platform| platform).await;
    let app = json!({"issuer": "https://idp.example", "required_scopes": ["openid"]});
    world.register(&world.north, &world.crm.app(app)).await;
    world
        .register(&world.north, &world.mail.app(json!({})))
        .await;
    let sent = world.ask(&world.north, &["acme-crm", "globe-mail"]).await;
    let browser = world.browser(&world.north);
    let secret = sent.link.rsplit('/').next().unwrap().to_owned();
    let tokens = [
        "planted-access-acme-crm",
        "planted-refresh-acme-crm",
        CLIENT_SECRET,
    ];
    let mut journey = Journey {
        world,
        browser,
        answers: Vec::new(),
        secrets: [&[secret][..], &tokens.map(str::to_owned)].concat(),
        in_headers: Vec::new(),
    };
    let clean = journey.get(&sent.link).await.led_to();
    let page = journey.get(&clean).await;
    let session = journey.browser.cookies_like("__Host-link-").remove(0);
    let session = journey.browser.cookies()[&session].clone();
    journey.in_headers.push(session);
    refused_and_connected(&mut journey, &page, &clean, &sent.request.items[0]).await;
    repeated(&mut journey, &page, &clean, &sent.request.items[1]).await;

    let asked = [
        journey.world.crm.token_requests(),
        journey.world.mail.token_requests(),
    ]
    .concat();
    assert_eq!(asked.len(), 3);
    let verifiers = asked
        .iter()
        .map(|asked| asked.field("code_verifier").to_owned());
    journey.secrets.extend(verifiers);
    journey.assert_hidden(&logs);
    journey.assert_debug_is_silent().await;
    let log = logs.text();
    assert!(
        log.contains("answered") && log.contains("hyper"),
        "everything was captured"
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
