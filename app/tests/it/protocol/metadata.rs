use latchkey_app::oauth::protocol::{MetadataError, fetch_metadata};
use url::Url;

use super::{
    egress,
    server::{Reply, Server, answer},
};

const JSON: &str = "content-type: application/json; charset=utf-8";

/// The path of a request, and the issuer that the server is asked as.
fn target(request: &str) -> (String, String) {
    let path = request.split(' ').nth(1).unwrap().to_owned();
    let host = request.lines().find_map(|line| line.strip_prefix("host: "));
    (path, format!("http://{}", host.unwrap()))
}

fn issuer(server: &Server, path: &str) -> Url {
    server.url.join(path).unwrap()
}

fn metadata(issuer: &str) -> Reply {
    answer(
        "200 OK",
        &[JSON],
        &format!(r#"{{"issuer":"{issuer}","x":1}}"#),
    )
}

fn missing() -> Reply {
    answer("404 Not Found", &[], "")
}

#[tokio::test]
async fn o11_the_well_known_part_goes_before_the_path() {
    let server = Server::start(|request| match target(request) {
        (path, host) if path == "/.well-known/oauth-authorization-server/tenant/a" => {
            metadata(&format!("{host}/tenant/a"))
        }
        _ => missing(),
    })
    .await;
    let found = fetch_metadata(&egress(), &issuer(&server, "/tenant/a")).await;
    assert_eq!(found.unwrap()["x"], 1);
}

#[tokio::test]
async fn o11_openid_discovery_is_the_second_try() {
    let server = Server::start(|request| match target(request) {
        (path, host) if path == "/tenant/a/.well-known/openid-configuration" => {
            metadata(&format!("{host}/tenant/a"))
        }
        _ => missing(),
    })
    .await;
    let found = fetch_metadata(&egress(), &issuer(&server, "/tenant/a")).await;
    assert_eq!(found.unwrap()["x"], 1);
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn o11_metadata_that_names_another_issuer_is_refused() {
    for other in [
        "https://evil.example",
        "HOST/tenant",
        "HOST/tenant/a/",
        "HOST/tenant/A",
        "",
    ] {
        let server = Server::start(move |request| {
            let (_, host) = target(request);
            metadata(&other.replace("HOST", &host))
        })
        .await;
        let answer = fetch_metadata(&egress(), &issuer(&server, "/tenant/a")).await;
        assert_eq!(answer, Err(MetadataError::OtherIssuer), "{other}");
    }
    let server = Server::json("200 OK", "{}").await;
    let answer = fetch_metadata(&egress(), &issuer(&server, "/")).await;
    assert_eq!(answer, Err(MetadataError::OtherIssuer));
}

#[tokio::test]
async fn o11_an_issuer_without_a_path_is_written_with_and_without_its_slash() {
    for slash in ["", "/"] {
        let server = Server::start(move |request| {
            let (_, host) = target(request);
            metadata(&format!("{host}{slash}"))
        })
        .await;
        let found = fetch_metadata(&egress(), &issuer(&server, "/")).await;
        assert!(found.is_ok());
        let (path, _) = target(&server.requests()[0]);
        assert_eq!(path, "/.well-known/oauth-authorization-server");
    }
}

#[tokio::test]
async fn o11_only_json_of_a_sane_size_is_read() {
    let large = format!(r#"{{"issuer":"HOST","x":"{}"}}"#, "x".repeat(300 * 1024));
    for (header, body, large) in [
        ("content-type: text/html", r#"{"issuer":"HOST"}"#, false),
        (JSON, r#"{"issuer":"HOST","issuer":"HOST"}"#, false),
        (JSON, r#"["HOST"]"#, false),
        (JSON, "<html>", false),
        (JSON, large.clone().leak(), true),
    ] {
        let server = Server::start(move |request| {
            let (_, host) = target(request);
            answer("200 OK", &[header], &body.replace("HOST", &host))
        })
        .await;
        let error = fetch_metadata(&egress(), &issuer(&server, "/")).await;
        let error = error.unwrap_err();
        if large {
            assert!(matches!(error, MetadataError::Network(_)), "{error:?}");
        } else {
            assert_eq!(error, MetadataError::Malformed, "{body}");
        }
    }
}

#[tokio::test]
async fn o11_a_redirect_and_a_missing_page_are_no_metadata() {
    for status in ["302 Found", "404 Not Found", "500 x"] {
        let header = "location: https://evil.example/";
        let server = Server::start(move |_| answer(status, &[header, JSON], "{}")).await;
        let error = fetch_metadata(&egress(), &issuer(&server, "/")).await;
        assert!(matches!(error, Err(MetadataError::Missing { .. })));
    }
}

#[tokio::test]
async fn o11_an_issuer_has_no_query_fragment_or_user() {
    for text in [
        "https://idp.example/?x=1",
        "https://idp.example/#x",
        "https://u@idp.example/",
        "https://u:p@idp.example/",
    ] {
        let answer = fetch_metadata(&egress(), &text.parse().unwrap()).await;
        assert_eq!(answer, Err(MetadataError::Issuer));
    }
}
