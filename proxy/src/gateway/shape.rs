//! What a request may look like before anything else is asked about it.

use super::config::Shape;
use http::Method;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use pingora::http::RequestHeader;
use pingora::http::authority::{RawTargetAuthority, raw_target_authority};

/// What separates name, value and the next field on HTTP/1's wire.
const SEPARATORS: usize = 4;

/// The status that refuses it.
pub(super) fn refusal(request: &RequestHeader, shape: &Shape) -> Option<u16> {
    // CONNECT would make the edge a forward proxy; TRACE shows fields of the edge's own.
    if request.method == Method::CONNECT || request.method == Method::TRACE {
        return Some(405);
    }
    let target = request.raw_path();
    if target.len() > shape.target_bytes {
        return Some(414);
    }
    if !is_target(target, &request.method) {
        return Some(400);
    }
    if request.headers.len() > shape.header_fields {
        return Some(431);
    }
    let bytes: usize = request
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + SEPARATORS)
        .sum();
    if bytes > shape.header_bytes {
        return Some(431);
    }
    (!is_framed_once(request)).then_some(400)
}

/// Path and query, or a whole address of this scheme; visible ASCII, so that nobody on the way reads it differently.
fn is_target(target: &[u8], method: &Method) -> bool {
    if !target.iter().all(u8::is_ascii_graphic) {
        return false;
    }
    match target.first() {
        Some(b'/') => true,
        Some(b'*') => target.len() == 1 && *method == Method::OPTIONS,
        _ => match raw_target_authority(target) {
            RawTargetAuthority::Absolute { scheme, .. } => {
                scheme.eq_ignore_ascii_case(b"http") || scheme.eq_ignore_ascii_case(b"https")
            }
            RawTargetAuthority::None | RawTargetAuthority::AmbiguousAuthority => false,
        },
    }
}

/// At most one Content-Length, which is a number, and at most one coding, which is chunked. pingora reconciles more; the
/// edge has no client that needs it.
fn is_framed_once(request: &RequestHeader) -> bool {
    let mut lengths = request.headers.get_all(CONTENT_LENGTH).iter();
    let length = lengths.next();
    let mut codings = request.headers.get_all(TRANSFER_ENCODING).iter();
    let coding = codings.next();
    let once = lengths.next().is_none() && codings.next().is_none();
    let number = length
        .is_none_or(|value| !value.is_empty() && value.as_bytes().iter().all(u8::is_ascii_digit));
    let chunked = coding.is_none_or(|value| value.as_bytes().eq_ignore_ascii_case(b"chunked"));
    once && number && chunked && (length.is_none() || coding.is_none())
}

/// The length that a body announces.
pub(super) fn announced(request: &RequestHeader) -> Option<u64> {
    let length = request.headers.get(CONTENT_LENGTH)?.to_str().ok()?;
    // What no number can hold is above every limit.
    Some(length.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, target: &str, fields: &[(&'static str, &str)]) -> RequestHeader {
        let mut request = RequestHeader::build(method, target.as_bytes(), None).unwrap();
        for (name, value) in fields {
            request.append_header(*name, *value).unwrap();
        }
        request
    }

    fn get(target: &str) -> Option<u16> {
        refusal(&request("GET", target, &[]), &Shape::default())
    }

    fn with(fields: &[(&'static str, &str)]) -> Option<u16> {
        refusal(&request("POST", "/", fields), &Shape::default())
    }

    #[test]
    fn targets() {
        for good in [
            "/",
            "/a?b=c",
            "http://acme.example/",
            "HTTPS://acme.example/a?b",
        ] {
            assert_eq!(get(good), None, "{good}");
        }
        for bad in [
            "*",
            "acme.example:443",
            "ftp://acme.example/",
            "/\u{e9}",
            "http:/a",
        ] {
            assert_eq!(get(bad), Some(400), "{bad}");
        }
        assert_eq!(
            refusal(&request("OPTIONS", "*", &[]), &Shape::default()),
            None
        );
        let long = |count| format!("/{}", "a".repeat(count));
        assert_eq!(get(&long(8191)), None);
        assert_eq!(get(&long(8192)), Some(414));
    }

    #[test]
    fn methods() {
        for method in ["CONNECT", "TRACE"] {
            let request = request(method, "/", &[]);
            assert_eq!(refusal(&request, &Shape::default()), Some(405), "{method}");
        }
    }

    #[test]
    fn header_blocks() {
        let fields = vec![("x-a", "b"); 100];
        assert_eq!(with(&fields), None);
        let fields = vec![("x-a", "b"); 101];
        assert_eq!(with(&fields), Some(431));
        let value = "v".repeat(32 * 1024 - 7);
        assert_eq!(with(&[("x-a", &value)]), None);
        let value = "v".repeat(32 * 1024 - 6);
        assert_eq!(with(&[("x-a", &value)]), Some(431));
    }

    #[test]
    fn framing() {
        let (length, coding) = ("content-length", "transfer-encoding");
        assert_eq!(with(&[(length, "5")]), None);
        assert_eq!(with(&[(coding, "Chunked")]), None);
        for fields in [
            &[(length, "5"), (length, "5")][..],
            &[(length, "5, 5")],
            &[(length, "+5")],
            &[(length, "")],
            &[(length, "0x5")],
            &[(length, "5"), (coding, "chunked")],
            &[(coding, "chunked"), (coding, "chunked")],
            &[(coding, "chunked, identity")],
            &[(coding, "identity, chunked")],
            &[(coding, "gzip, chunked")],
            &[(coding, "xchunked")],
            &[(coding, "chunked;q=1")],
        ] {
            assert_eq!(with(fields), Some(400), "{fields:?}");
        }
    }

    #[test]
    fn a_length_beyond_numbers_is_above_every_limit() {
        let length = |value| announced(&request("POST", "/", &[("content-length", value)]));
        assert_eq!(length("17"), Some(17));
        assert_eq!(length("99999999999999999999999999"), Some(u64::MAX));
        assert_eq!(announced(&request("GET", "/", &[])), None);
    }
}
