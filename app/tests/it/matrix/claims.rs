//! W5 and T2: no answer may be framed, whoever asks for what; and none believes what a client says about the host.

use axum::body::Body;
use http::{Method, StatusCode, header};
use latchkey_tenants::Role;

use super::routes;
use crate::{
    people::scene::{CLIENT, HOST, Scene, path_in, post},
    support::{
        browser::{Answer, Browser, SAME_ORIGIN},
        raw,
    },
};

const EVIL: &str = "evil.example";
/// What servers and proxies somewhere take for the host, the scheme or the path that was asked.
const CLAIMS: [(&str, &str); 13] = [
    ("x-forwarded-host", EVIL),
    ("x-forwarded-server", EVIL),
    ("x-forwarded-proto", "http"),
    ("x-forwarded-port", "8080"),
    ("x-forwarded-prefix", "//evil.example"),
    ("forwarded", "for=198.51.100.9;host=evil.example;proto=http"),
    ("x-host", EVIL),
    ("x-original-host", EVIL),
    ("x-http-host-override", EVIL),
    ("x-original-url", "//evil.example/x"),
    ("x-rewrite-url", "//evil.example/x"),
    ("x-http-method-override", "DELETE"),
    ("x-latchkey-edge", "guess"),
];

async fn claiming(browser: &mut Browser, method: &Method, path: &str, form: &str) -> Answer {
    let mut request = browser
        .request(method.clone(), path)
        .header("sec-fetch-site", SAME_ORIGIN);
    for (name, value) in CLAIMS {
        request = request.header(name, value);
    }
    if *method == Method::POST {
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    browser
        .send(request.body(Body::from(form.to_owned())).unwrap())
        .await
}

/// Whether a page of another origin could lay the answer under a page of its own.
fn can_be_framed(answer: &Answer) -> bool {
    let mut policies = answer
        .headers
        .get_all(header::CONTENT_SECURITY_POLICY)
        .iter();
    let (Some(policy), None) = (policies.next(), policies.next()) else {
        return true;
    };
    let mut rules = policy.to_str().unwrap().split(';').map(str::trim);
    let framing: Vec<_> = rules
        .by_ref()
        .filter(|rule| rule.starts_with("frame-ancestors"))
        .collect();
    framing != ["frame-ancestors 'none'"]
}

fn names_evil(answer: &Answer) -> bool {
    let mut values = answer.headers.values();
    answer.body.contains(EVIL)
        || values.any(|value| String::from_utf8_lossy(value.as_bytes()).contains(EVIL))
}

#[tokio::test]
async fn w5_no_answer_can_be_framed_and_t2_none_believes_a_claim_about_the_host() {
    let scene = Scene::start().await;
    let people = [
        ("nobody", scene.browser()),
        ("the owner", scene.staff().await),
        ("a client", scene.joined(CLIENT, Role::Client).await),
    ];
    // So that streams have an end.
    scene.app.platform.drain();
    let mut wrong = Vec::new();
    for route in routes() {
        for (who, browser) in &people {
            let plain = route.ask(&mut browser.clone()).await;
            let form = "csrf=none";
            let claimed = claiming(&mut browser.clone(), &route.method, &route.path, form).await;
            let name = format!("{} by {who}", route.name());
            if plain.status != claimed.status || names_evil(&claimed) {
                wrong.push(format!("{name} believes a claim"));
            }
            if can_be_framed(&plain) || can_be_framed(&claimed) {
                wrong.push(format!("{name} can be framed"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn w5_what_is_no_page_can_not_be_framed_either() {
    let scene = Scene::start().await;
    let page = scene.browser().get("/sign-in").await;
    let asset = path_in(&page.body, "/assets/");
    for (host, path, status) in [
        (HOST, "/nothing/here", StatusCode::NOT_FOUND),
        (HOST, asset.as_str(), StatusCode::OK),
        (HOST, "/assets/nothing.css", StatusCode::NOT_FOUND),
        (HOST, "/dashboard/assets/nothing.css", StatusCode::NOT_FOUND),
        (HOST, "/api/v1/openapi.json", StatusCode::OK),
        (HOST, "/api/v1/requests", StatusCode::UNAUTHORIZED),
        (HOST, "/api/v1/nothing", StatusCode::NOT_FOUND),
        (HOST, "/hooks/mail", StatusCode::METHOD_NOT_ALLOWED),
        ("preview.latch.example", "/preview/x", StatusCode::NOT_FOUND),
        (EVIL, "/sign-in", StatusCode::MISDIRECTED_REQUEST),
    ] {
        let answer = raw(&scene.router, host, path).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(!can_be_framed(&answer), "{path}: {:?}", answer.headers);
    }
}

#[tokio::test]
async fn t2_no_mail_leads_to_a_host_that_a_client_claims() {
    let scene = Scene::start().await;
    let mut owner = scene.staff().await;
    let mut browser = scene.browser();
    let visit = browser.get("/sign-in").await.csrf();
    let form = format!("csrf={visit}&email=owner%40northwind.example");
    claiming(&mut browser, &Method::POST, "/sign-in", &form)
        .await
        .led_to();
    let people = owner.get("/dashboard/people/invite").await.csrf();
    let form = format!("csrf={people}&email=new%40northwind.example&role=member");
    claiming(&mut owner, &Method::POST, "/dashboard/people/invite", &form)
        .await
        .led_to();
    let mut links = 0;
    for mail in scene.mails().await {
        for part in [mail.body_text(0), mail.body_html(0)] {
            let text = part.unwrap().into_owned();
            assert!(!text.contains(EVIL), "{text}");
            let addresses = text.split("https://").skip(1);
            for address in addresses {
                links += 1;
                assert!(address.starts_with(&format!("{HOST}/")), "{address}");
            }
            assert!(!text.contains(&format!("http://{HOST}")), "{text}");
        }
    }
    assert!(links >= 6, "{links}");
}

#[tokio::test]
async fn t2_two_hosts_in_one_request_are_none() {
    let scene = Scene::start().await;
    let mut browser = scene.browser();
    for (target, host) in [
        ("http://evil.example/sign-in", HOST),
        ("http://northwind.latch.example/sign-in", EVIL),
        ("http://southpaw.latch.example/sign-in", HOST),
    ] {
        let request = http::Request::get(target)
            .header(header::HOST, host)
            .body(Body::empty());
        let answer = browser.send(request.unwrap()).await;
        answer.page(StatusCode::MISDIRECTED_REQUEST);
    }
    let page = browser.get("/sign-in").await;
    post(&mut browser, "/sign-in", &page, &[("email", "x@y.example")])
        .await
        .led_to();
}
