//! Puts the served address of each file in the place of `asset:...`.

use cssparser::Token;

use super::{
    super::note::Notes,
    tokens::{Bracket, Kind, flatten},
};
use crate::report::Report;

/// The stylesheet with every `url("asset:path")` as `url("address(path)")`. A path without an address becomes `none`.
/// Meant for a stylesheet that passed [`super::lint`]; any other comes back as it is.
pub fn rewrite(source: &str, address: &dyn Fn(&str) -> Option<String>) -> String {
    let Ok(spots) = flatten(source, &mut Notes::new("", &mut Report::default())) else {
        return source.to_owned();
    };
    let mut out = String::with_capacity(source.len());
    let mut copied = 0;
    for (at, spot) in spots.iter().enumerate() {
        let (path, to) = match &spot.kind {
            Kind::Token(Token::UnquotedUrl(path)) => (path.as_ref(), spot.to),
            Kind::Open(Bracket::Round, name) if name == "url" => {
                let close = spots[at..]
                    .iter()
                    .find(|spot| spot.closes(Bracket::Round))
                    .map_or(source.len(), |close| close.to);
                match spots[at + 1..].iter().find(|spot| !spot.is_space()) {
                    Some(inside) => match &inside.kind {
                        Kind::Token(Token::QuotedString(path)) => (path.as_ref(), close),
                        _ => continue,
                    },
                    None => continue,
                }
            }
            _ => continue,
        };
        let Some(path) = path.strip_prefix("asset:") else {
            continue;
        };
        out.push_str(&source[copied..spot.from]);
        match address(path) {
            // Addresses are `/assets/` and a hash: nothing in them needs an escape.
            Some(address) => {
                out.push_str("url(\"");
                out.push_str(&address);
                out.push_str("\")");
            }
            None => out.push_str("none"),
        }
        copied = to;
    }
    out.push_str(&source[copied..]);
    out
}
