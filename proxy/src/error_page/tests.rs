use super::*;
use latchkey_tenants::{AgencyId, AgencyStatus};
use latchkey_tenants::{SeededEntropy, SystemClock};

fn agency(name: &str, color: &str) -> AgencyEntry {
    AgencyEntry {
        id: AgencyId::new(&SystemClock, &SeededEntropy::new(1)),
        slug: "acme".parse().unwrap(),
        name: name.parse().unwrap(),
        support_email: Some("help@acme.example".parse().unwrap()),
        brand_color: color.to_owned(),
        status: AgencyStatus::Active,
    }
}

fn shown(status: u16, agency: Option<&AgencyEntry>) -> String {
    let cause = Cause {
        status,
        path: "/connect",
        agency,
        request_id: "0af7",
        retry_after: None,
    };
    error_page(&cause).unwrap().body
}

#[test]
fn a_page_wears_the_agency_and_names_nobody_else() {
    let acme = agency("Acme Marketing", "#FFE600");
    let page = shown(503, Some(&acme));
    for part in [
        "<header>Acme Marketing</header>",
        "background:#ffe600;color:#000",
        "mailto:help@acme.example",
        "Reference: 0af7",
        "color-scheme:light dark",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    let neutral = shown(404, None).to_lowercase();
    for name in ["acme", "latchkey", "pingora", "mailto", "<header>"] {
        assert!(!neutral.contains(name), "{name} in {neutral}");
    }
}

#[test]
fn a_hostile_name_stays_text() {
    let hostile = agency(
        r#"</header><script>alert(1)</script> & "Sons""#,
        "#000;}body{display:none",
    );
    let page = shown(429, Some(&hostile));
    assert!(page.contains(
        "<header>&lt;/header&gt;&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;Sons&quot;</header>"
    ));
    assert!(!page.contains("display:none"), "{page}");
}

#[test]
fn programs_get_a_problem_that_parses() {
    for status in [
        400, 404, 405, 408, 413, 414, 421, 429, 431, 500, 502, 503, 504,
    ] {
        let cause = Cause {
            status,
            path: "/api/v1/apps",
            ..Cause::default()
        };
        let page = error_page(&cause).unwrap();
        let problem: serde_json::Value = serde_json::from_str(&page.body).unwrap();
        assert_eq!(problem["status"], status);
        assert!(problem["code"].is_string());
        assert_eq!(
            page.head.headers["content-length"].to_str().unwrap(),
            page.body.len().to_string()
        );
    }
}

#[test]
fn waiting_is_told() {
    let wait = |status, retry_after| {
        let cause = Cause {
            status,
            retry_after,
            ..Cause::default()
        };
        let page = error_page(&cause).unwrap();
        page.head
            .headers
            .get("retry-after")
            .map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(wait(503, None).as_deref(), Some("5"));
    assert_eq!(wait(429, Some(17)).as_deref(), Some("17"));
    assert_eq!(wait(502, None), None);
}

#[test]
fn what_never_became_a_request_gets_a_whole_answer() {
    for status in [400, 431] {
        let answer = std::str::from_utf8(before_any_request(status)).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", body.len())));
        assert!(head.ends_with("\r\nConnection: close"), "{head}");
    }
}
