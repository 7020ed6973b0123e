use super::{count, read, text};
use crate::cli::PushTheme;
use crate::commands::{CommandError, Result, answer, block_on};
use axum::body::Bytes;
use axum::http::{Method, Request, Response, Uri, header};
use latchkey_app::egress::{Egress, EgressPolicy};
use latchkey_themes::Report;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::time::Duration;
use url::Url;

/// The check of an upload renders every page and mail in every language.
const PATIENCE: Duration = Duration::from_mins(2);
/// A report of 200 findings, and more.
const ANSWER_LIMIT: usize = 4 * 1024 * 1024;

pub fn run(options: &PushTheme) -> Result<()> {
    let api = Api::of(options)?;
    let package = packed(options)?;
    block_on(async {
        let size = package.len().div_ceil(1024);
        eprintln!("uploading {size} KiB to {}, which checks it", api.base);
        let answered = api.post("/themes", "application/zip", package).await?;
        let uploaded = judge(&answered, options)?;
        let said = |name: &str| uploaded[name].as_str().unwrap_or_default().to_owned();
        let id = said("id");
        show(&uploaded["report"], options)?;
        answer(&format!(
            "uploaded: {id}, {} {}",
            said("name"),
            said("version")
        ))?;
        if options.publish {
            eprintln!("publishing");
            let path = format!("/themes/{id}/publish");
            let answered = api
                .post(&path, "application/json", Bytes::from_static(b"{}"))
                .await?;
            judge(&answered, options)?;
            answer(&format!("published: {id}"))?;
        }
        Ok(())
    })
}

/// A folder packed; an archive as it is, for the other side to judge.
fn packed(options: &PushTheme) -> Result<Vec<u8>> {
    let theme = &options.theme;
    if !theme.is_dir() {
        let unread = CommandError::unusable(format!("cannot read {}", theme.display()));
        return std::fs::read(theme).map_err(unread);
    }
    let (package, report) = read(theme)?;
    match package {
        Some(package) => Ok(package.to_zip()),
        None => {
            answer(text(&report, theme).trim_end())?;
            Err(refused(&report))
        }
    }
}

fn refused(report: &Report) -> CommandError {
    CommandError::new(format!("the theme is refused: {}", count(report)))
}

/// An agency's API, with its key.
struct Api {
    egress: Egress,
    base: String,
    key: SecretString,
}

impl Api {
    fn of(options: &PushTheme) -> Result<Self> {
        let key = match (&options.key_file, &options.key) {
            (Some(file), _) => {
                let context = format!("cannot read the key in {}", file.display());
                std::fs::read_to_string(file).map_err(CommandError::unusable(context))?
            }
            (None, Some(key)) => key.clone(),
            (None, None) => {
                let why =
                    "an API key is missing: name its file with --key-file, or set LATCHKEY_API_KEY";
                return Err(CommandError::wrong(why));
            }
        };
        let policy = EgressPolicy {
            allow_loopback: is_loopback(&options.url),
        };
        Ok(Self {
            egress: Egress::new(policy)
                .with_deadline(PATIENCE)
                .with_body_limit(ANSWER_LIMIT),
            base: format!("{}/api/v1", options.url.as_str().trim_end_matches('/')),
            key: SecretString::from(key.trim()),
        })
    }

    async fn post(
        &self,
        path: &str,
        kind: &'static str,
        body: impl Into<Bytes>,
    ) -> Result<Response<Bytes>> {
        let mut request = Request::new(body.into());
        *request.method_mut() = Method::POST;
        let uri = format!("{}{path}", self.base).parse::<Uri>();
        *request.uri_mut() = uri.map_err(CommandError::unusable("--url is no address"))?;
        let headers = request.headers_mut();
        headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
        let bearer = format!("Bearer {}", self.key.expose_secret());
        let bearer = header::HeaderValue::from_str(&bearer);
        let mut bearer = bearer.map_err(CommandError::unusable("the API key is none"))?;
        bearer.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, bearer);
        let sent = self.egress.send(request).await;
        let sent = sent.map_err(CommandError::unusable(format!("cannot ask {}", self.base)))?;
        Ok(sent)
    }
}

/// The answer, if it is a good one. A refused theme shows its report.
fn judge(answered: &Response<Bytes>, options: &PushTheme) -> Result<Value> {
    let body: Value = serde_json::from_slice(answered.body()).unwrap_or_default();
    if answered.status().is_success() {
        return Ok(body);
    }
    let detail = body["detail"].as_str().unwrap_or("no reason is given");
    let said = format!("the API answered {}: {detail}", answered.status().as_u16());
    if body["code"] == "theme_refused" {
        return Err(refused(&show(&body["report"], options)?));
    }
    match answered.status().as_u16() {
        409 => Err(CommandError::new(said)),
        _ => Err(CommandError::wrong(said)),
    }
}

fn show(report: &Value, options: &PushTheme) -> Result<Report> {
    let report: Report = serde_json::from_value(report.clone()).unwrap_or_default();
    if !report.findings.is_empty() {
        answer(text(&report, &options.theme).trim_end())?;
    }
    Ok(report)
}

/// Only to this machine a key may travel without TLS.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;

    fn answered(status: u16, body: &str) -> Response<Bytes> {
        let mut response = Response::new(Bytes::from(body.to_owned()));
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        response
    }

    #[test]
    fn a_refused_theme_is_1_and_what_could_not_be_asked_is_2() {
        let options = PushTheme {
            theme: "theme.zip".into(),
            url: "http://northwind.localhost".parse().unwrap(),
            key_file: None,
            key: None,
            publish: false,
        };
        let code = |answer: &Response<Bytes>| match judge(answer, &options) {
            Ok(_) => 0,
            Err(CommandError::Failed { .. }) => 1,
            Err(_) => 2,
        };
        assert_eq!(code(&answered(201, r#"{"id":"thm_1"}"#)), 0);
        let refused = r#"{"code":"theme_refused","report":{"findings":[]}}"#;
        assert_eq!(code(&answered(422, refused)), 1);
        assert_eq!(code(&answered(409, r#"{"code":"too_many_drafts"}"#)), 1);
        assert_eq!(code(&answered(401, "{}")), 2);
        assert_eq!(code(&answered(502, "<html>")), 2);
    }

    #[test]
    fn only_this_machine_is_asked_without_tls() {
        for (url, here) in [
            ("http://northwind.localhost:8080", true),
            ("http://127.0.0.1:8080", true),
            ("https://[::1]", true),
            ("https://northwind.example", false),
            ("http://localhost.example", false),
        ] {
            assert_eq!(is_loopback(&url.parse().unwrap()), here, "{url}");
        }
    }
}
