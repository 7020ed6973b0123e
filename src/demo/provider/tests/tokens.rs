//! What clients get at the token endpoint, and what ends it.

use super::*;

#[tokio::test]
async fn a_wrong_verifier_gets_nothing_and_burns_the_code() {
    let demo = Demo::new();
    let code = demo.code().await;
    let mut pairs = redeem_pairs(&code);
    pairs[3].1 = "another-verifier-of-more-than-43-characters-";
    let (status, body) = demo.token(&pairs).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(body["error"], "invalid_grant");
    assert_eq!(demo.redeem(&code).await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn the_exchange_repeats_the_redirect_uri() {
    let demo = Demo::new();
    let code = demo.code().await;
    let mut pairs = redeem_pairs(&code);
    pairs[2].1 = "http://northwind.localhost:8080/elsewhere";
    assert_eq!(demo.token(&pairs).await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn a_replayed_code_takes_back_what_it_gave() {
    let demo = Demo::new();
    let code = demo.code().await;
    let (_, tokens) = demo.redeem(&code).await;
    let (status, body) = demo.redeem(&code).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(body["error"], "invalid_grant");
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(
        demo.userinfo(access).await.status(),
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_code_dies_after_its_minute_and_serves_only_its_client() {
    let demo = Demo::new();
    let code = demo.code().await;
    let mut foreign = redeem_pairs(&code).to_vec();
    foreign.extend([("client_id", "other"), ("client_secret", "other-secret")]);
    let (_, body) = json(demo.post("/token", &foreign).await).await;
    assert_eq!(body["error"], "invalid_grant");
    demo.clock.advance(ledger::CODE_LIFETIME);
    assert_eq!(demo.redeem(&code).await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn a_client_proves_itself_by_basic_or_by_form_but_not_by_both() {
    let demo = Demo::new();
    let code = demo.code().await;
    let with_basic = |secret: &str, pairs: &[(&str, &str)]| {
        let mut request = form("/token", pairs);
        let basic = format!("Basic {}", STANDARD.encode(format!("crm:{secret}")));
        request
            .headers_mut()
            .insert(header::AUTHORIZATION, basic.parse().unwrap());
        request
    };
    let wrong = demo.send(with_basic("wrong", &redeem_pairs(&code))).await;
    assert!(wrong.headers().contains_key(header::WWW_AUTHENTICATE));
    let (status, body) = json(wrong).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(body["error"], "invalid_client");

    let mut twice = redeem_pairs(&code).to_vec();
    twice.push(("client_secret", "s3cret"));
    let (_, body) = json(demo.send(with_basic("s3cret", &twice)).await).await;
    assert_eq!(body["error"], "invalid_request");

    let (_, body) = json(demo.post("/token", &redeem_pairs(&code)).await).await;
    assert_eq!(body["error"], "invalid_client");

    // `%33` is a 3: both halves are form-encoded.
    let right = demo
        .send(with_basic("s%33cret", &redeem_pairs(&code)))
        .await;
    assert_eq!(right.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_refresh_rotates_and_a_used_refresh_token_ends_the_grant() {
    let demo = Demo::new();
    let (_, first) = demo.redeem(&demo.code().await).await;
    let old = first["refresh_token"].as_str().unwrap();
    demo.clock.advance(Duration::from_mins(20));
    let stale = first["access_token"].as_str().unwrap();
    assert_eq!(
        demo.userinfo(stale).await.status(),
        StatusCode::UNAUTHORIZED
    );

    let (status, second) = demo.refresh(old).await;
    assert_eq!(status, StatusCode::OK);
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    let access = second["access_token"].as_str().unwrap();
    assert_eq!(demo.userinfo(access).await.status(), StatusCode::OK);

    assert_eq!(demo.refresh(old).await.1["error"], "invalid_grant");
    assert_eq!(
        demo.userinfo(access).await.status(),
        StatusCode::UNAUTHORIZED
    );
    let newest = second["refresh_token"].as_str().unwrap();
    assert_eq!(demo.refresh(newest).await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn a_refresh_for_more_than_was_granted_is_refused_and_costs_nothing() {
    let demo = Demo::new();
    let (_, tokens) = demo.redeem(&demo.code().await).await;
    let token = tokens["refresh_token"].as_str().unwrap();
    let pairs = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
        ("scope", "contacts.read deals.read"),
    ];
    assert_eq!(demo.token(&pairs).await.1["error"], "invalid_scope");
    assert_eq!(demo.refresh(token).await.0, StatusCode::OK);
}

#[tokio::test]
async fn revoking_the_refresh_token_ends_everything_and_an_unknown_token_is_no_error() {
    let demo = Demo::new();
    let (_, tokens) = demo.redeem(&demo.code().await).await;
    let access = tokens["access_token"].as_str().unwrap();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let crm = [("client_id", "crm"), ("client_secret", "s3cret")];
    let other = [("client_id", "other"), ("client_secret", "other-secret")];
    let revoke = async |client: [(&str, &str); 2], token: &str| {
        let pairs = [client[0], client[1], ("token", token)];
        demo.post("/revoke", &pairs).await.status()
    };

    assert_eq!(revoke(other, refresh).await, StatusCode::BAD_REQUEST);
    assert_eq!(demo.userinfo(access).await.status(), StatusCode::OK);
    assert_eq!(revoke(crm, "never-given").await, StatusCode::OK);
    assert_eq!(revoke(crm, refresh).await, StatusCode::OK);
    assert_eq!(
        demo.userinfo(access).await.status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(demo.refresh(refresh).await.1["error"], "invalid_grant");
    assert_eq!(revoke(crm, refresh).await, StatusCode::OK);
}

#[tokio::test]
async fn revoking_an_access_token_leaves_the_grant() {
    let demo = Demo::new();
    let (_, tokens) = demo.redeem(&demo.code().await).await;
    let access = tokens["access_token"].as_str().unwrap();
    let pairs = [
        ("client_id", "crm"),
        ("client_secret", "s3cret"),
        ("token", access),
    ];
    assert_eq!(demo.post("/revoke", &pairs).await.status(), StatusCode::OK);
    assert_eq!(
        demo.userinfo(access).await.status(),
        StatusCode::UNAUTHORIZED
    );
    let refresh = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(demo.refresh(refresh).await.0, StatusCode::OK);
}
