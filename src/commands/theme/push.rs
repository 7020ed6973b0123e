use super::api::{Api, good};
use super::{count, publish, read, text};
use crate::cli::PushTheme;
use crate::commands::{CommandError, Result, answer, block_on};
use axum::body::Bytes;
use axum::http::Response;
use latchkey_themes::Report;
use serde_json::Value;

pub fn run(options: &PushTheme) -> Result<()> {
    let api = Api::of(&options.api)?;
    let package = packed(options)?;
    block_on(async {
        let size = package.len().div_ceil(1024);
        eprintln!("uploading {size} KiB to {}, which checks it", api.base);
        let answered = api.post_as("/themes", "application/zip", package).await?;
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
            publish::publish(&api, &id).await?;
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

/// The answer, if it is a good one. A refused theme shows its report.
fn judge(answered: &Response<Bytes>, options: &PushTheme) -> Result<Value> {
    let body: Value = serde_json::from_slice(answered.body()).unwrap_or_default();
    if body["code"] == "theme_refused" {
        return Err(refused(&show(&body["report"], options)?));
    }
    good(answered)
}

fn show(report: &Value, options: &PushTheme) -> Result<Report> {
    let report: Report = serde_json::from_value(report.clone()).unwrap_or_default();
    if !report.findings.is_empty() {
        answer(text(&report, &options.theme).trim_end())?;
    }
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::AgencyApi;
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
            api: AgencyApi {
                url: "http://northwind.localhost".parse().unwrap(),
                key_file: None,
                key: None,
            },
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
}
