//! What a request is called in logs: its id, and its place in a trace (W3C Trace Context, level 1).

use http::{HeaderMap, HeaderValue};
use latchkey_tenants::Entropy;
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) const TRACE_PARENT: &str = "traceparent";
pub(crate) const TRACE_STATE: &str = "tracestate";

const ID_BYTES: usize = 16;
const SPAN_BYTES: usize = 8;
const POOL: usize = 128 * (ID_BYTES + SPAN_BYTES);

/// Draws ids. Chance is fetched for many requests at once: asking the system for each would cost more than the id.
pub(crate) struct Ids {
    entropy: Arc<dyn Entropy>,
    pool: Mutex<Pool>,
}

struct Pool {
    bytes: [u8; POOL],
    left: usize,
}

/// 128 random bits, and what makes a trace of them where the client brings none.
#[derive(Clone, Copy)]
pub(crate) struct RequestId {
    id: [u8; 2 * ID_BYTES],
    span: [u8; 2 * SPAN_BYTES],
}

impl Ids {
    pub fn new(entropy: Arc<dyn Entropy>) -> Self {
        let pool = Pool {
            bytes: [0; POOL],
            left: 0,
        };
        Self {
            entropy,
            pool: Mutex::new(pool),
        }
    }

    pub fn draw(&self) -> RequestId {
        let mut drawn = [0; ID_BYTES + SPAN_BYTES];
        {
            let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
            if pool.left < drawn.len() {
                self.entropy.fill(&mut pool.bytes);
                pool.left = POOL;
            }
            let end = pool.left;
            pool.left -= drawn.len();
            if let Some(bytes) = pool.bytes.get(end - drawn.len()..end) {
                drawn.copy_from_slice(bytes);
            }
        }
        let mut id = [0; 2 * ID_BYTES];
        let mut span = [0; 2 * SPAN_BYTES];
        hexadecimal(&drawn[..ID_BYTES], &mut id);
        hexadecimal(&drawn[ID_BYTES..], &mut span);
        RequestId { id, span }
    }
}

impl RequestId {
    pub fn as_str(&self) -> &str {
        // Hexadecimal digits are text.
        std::str::from_utf8(&self.id).unwrap_or_default()
    }

    pub fn value(&self) -> pingora::Result<HeaderValue> {
        header_value(&self.id)
    }

    /// A trace that begins here, not sampled: who wants traces starts them.
    pub fn trace_parent(&self) -> pingora::Result<HeaderValue> {
        let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
        text[3..35].copy_from_slice(&self.id);
        text[36..52].copy_from_slice(&self.span);
        header_value(&text)
    }
}

fn header_value(text: &[u8]) -> pingora::Result<HeaderValue> {
    let mut value = HeaderValue::from_bytes(text).map_err(|error| {
        pingora::Error::because(pingora::ErrorType::InternalError, "request id", error)
    })?;
    // HTTP/2 then keeps it out of the connection's table, where it would push out what comes again (RFC 7541 §7.1.3).
    value.set_sensitive(true);
    Ok(value)
}

fn hexadecimal(bytes: &[u8], text: &mut [u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (byte, pair) in bytes.iter().zip(text.chunks_exact_mut(2)) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
}

/// The client's own trace, where it is written as the standard says.
pub(crate) fn trace_parent(headers: &HeaderMap) -> Option<&HeaderValue> {
    let mut all = headers.get_all(TRACE_PARENT).iter();
    let value = all.next().filter(|_| all.next().is_none())?;
    is_trace_parent(value.as_bytes()).then_some(value)
}

fn is_trace_parent(text: &[u8]) -> bool {
    let digits = |part: &[u8]| {
        part.iter()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let some = |part: &[u8]| digits(part) && part.iter().any(|byte| *byte != b'0');
    // Later versions may say more, after another dash.
    let (text, more) = text.split_at(text.len().min(55));
    let [v1, v2, b'-', ids @ .., b'-', f1, f2] = text else {
        return false;
    };
    let version = [*v1, *v2];
    if ids.len() != 49 || ids[32] != b'-' || !digits(&version) || version == *b"ff" {
        return false;
    }
    let whole = match more.first() {
        None => true,
        Some(next) => version != *b"00" && *next == b'-',
    };
    whole && some(&ids[..32]) && some(&ids[33..]) && digits(&[*f1, *f2])
}

#[cfg(test)]
mod tests {
    use super::*;
    use latchkey_tenants::SeededEntropy;
    use std::collections::HashSet;

    #[test]
    fn no_id_is_drawn_twice() {
        let ids = Ids::new(Arc::new(SeededEntropy::new(3)));
        let drawn: HashSet<_> = (0..1000).map(|_| ids.draw().as_str().to_owned()).collect();
        assert_eq!(drawn.len(), 1000);
        assert!(drawn.iter().all(|id| id.len() == 32));
    }

    #[test]
    fn a_trace_that_begins_here_is_a_valid_one() {
        let id = Ids::new(Arc::new(SeededEntropy::new(3))).draw();
        let value = id.trace_parent().unwrap();
        assert!(is_trace_parent(value.as_bytes()), "{value:?}");
        assert!(value.is_sensitive(), "it comes once only");
        assert!(value.to_str().unwrap().contains(id.as_str()));
    }

    #[test]
    fn a_trace_of_the_client_is_read_strictly() {
        const ID: &str = "0af7651916cd43dd8448eb211c80319c";
        const SPAN: &str = "b7ad6b7169203331";
        let zeros = "0".repeat(32);
        for (text, valid) in [
            (format!("00-{ID}-{SPAN}-01"), true),
            (format!("00-{ID}-{SPAN}-ff"), true),
            (format!("cc-{ID}-{SPAN}-01"), true),
            (format!("cc-{ID}-{SPAN}-01-what-comes-later"), true),
            (format!("cc-{ID}-{SPAN}-01what"), false),
            (format!("00-{ID}-{SPAN}-01-more"), false),
            (format!("ff-{ID}-{SPAN}-01"), false),
            (format!("00-{zeros}-{SPAN}-01"), false),
            (format!("00-{ID}-0000000000000000-01"), false),
            (format!("00-{}-{SPAN}-01", ID.to_uppercase()), false),
            (format!("00-{ID}-{SPAN}-0"), false),
            (format!("00-{ID}-{SPAN}"), false),
            (format!("00_{ID}-{SPAN}-01"), false),
            (String::new(), false),
            ("00".to_owned(), false),
        ] {
            assert_eq!(is_trace_parent(text.as_bytes()), valid, "{text}");
        }
    }
}
