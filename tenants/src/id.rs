use std::{fmt, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use ulid::Ulid;

use crate::{Clock, Entropy};

/// What an id names; its prefix stands in front of every such id.
pub trait Prefix {
    const PREFIX: &'static str;
}

/// A prefixed id that sorts by the time it was made: `wsp_01j9...`, prefix plus a lower-case ULID.
pub struct Id<P> {
    text: String,
    of: PhantomData<fn() -> P>,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("an id that starts with `{0}_` followed by 26 characters was expected")]
pub struct IdError(&'static str);

impl<P: Prefix> Id<P> {
    pub fn new(clock: &dyn Clock, entropy: &dyn Entropy) -> Self {
        let millis = u64::try_from(clock.now().micros() / 1000).unwrap_or(0);
        let random = u128::from_le_bytes(entropy.bytes::<16>());
        let ulid = Ulid::from_parts(millis, random).to_string().to_lowercase();
        Self {
            text: format!("{}_{ulid}", P::PREFIX),
            of: PhantomData,
        }
    }
}

impl<P> Id<P> {
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl<P: Prefix> FromStr for Id<P> {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let body = text
            .strip_prefix(P::PREFIX)
            .and_then(|rest| rest.strip_prefix('_'))
            .filter(|body| body.len() == 26 && body.bytes().all(is_crockford));
        match body {
            Some(_) => Ok(Self {
                text: text.to_owned(),
                of: PhantomData,
            }),
            None => Err(IdError(P::PREFIX)),
        }
    }
}

fn is_crockford(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'h' | b'j' | b'k' | b'm' | b'n' | b'p'..=b't' | b'v'..=b'z')
}

impl<P> Clone for Id<P> {
    fn clone(&self) -> Self {
        Self {
            text: self.text.clone(),
            of: PhantomData,
        }
    }
}

impl<P> PartialEq for Id<P> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<P> Eq for Id<P> {}

impl<P> PartialOrd for Id<P> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<P> Ord for Id<P> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.text.cmp(&other.text)
    }
}

impl<P> std::hash::Hash for Id<P> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl<P> fmt::Debug for Id<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<P> fmt::Display for Id<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<P> Serialize for Id<P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de, P: Prefix> Deserialize<'de> for Id<P> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $alias:ident = $marker:ident $prefix:literal;)*) => {$(
        #[derive(Clone, Copy, Debug)]
        pub struct $marker;
        impl Prefix for $marker {
            const PREFIX: &'static str = $prefix;
        }
        $(#[$doc])*
        pub type $alias = Id<$marker>;
    )*};
}

/// One marker and one alias for each kind of id.
pub mod kinds {
    use super::{Id, Prefix};

    ids! {
        AgencyId = AgencyKind "agy";
        MemberId = MemberKind "mbr";
        WorkspaceId = WorkspaceKind "wsp";
        WorkflowId = WorkflowKind "wfl";
        SlotId = SlotKind "slt";
        RequestId = RequestKind "req";
        ItemId = ItemKind "itm";
        ConnectionId = ConnectionKind "con";
        OauthClientId = OauthClientKind "ocl";
        FlowId = FlowKind "flw";
        EventId = EventKind "evt";
        ApiKeyId = ApiKeyKind "key";
        JobId = JobKind "job";
        MailId = MailKind "mal";
        DataKeyId = DataKeyKind "dek";
        DomainId = DomainIdKind "dom";
        SenderDomainId = SenderDomainKind "snd";
        CertificateId = CertificateKind "crt";
        OrderId = OrderKind "ord";
        InvitationId = InvitationKind "inv";
        SessionId = SessionKind "ses";
        PasskeyId = PasskeyKind "pky";
        EdgeId = EdgeKind "edg";
        ThemeId = ThemeIdKind "thm";
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{kinds::*, *};
    use crate::{ManualClock, SeededEntropy, Timestamp};

    #[test]
    fn ids_sort_by_time_and_read_back() {
        let clock = ManualClock::at(Timestamp(1_795_417_200_000_000));
        let entropy = SeededEntropy::new(1);
        let first = WorkspaceId::new(&clock, &entropy);
        clock.advance(Duration::from_millis(1));
        let second = WorkspaceId::new(&clock, &entropy);
        assert!(first < second);
        assert_eq!(first.as_str().parse::<WorkspaceId>().as_ref(), Ok(&first));
    }

    #[test]
    fn a_foreign_prefix_or_shape_is_refused() {
        for text in [
            "",
            "wsp_",
            "req_01j9zzzzzzzzzzzzzzzzzzzzzz",
            "wsp_01J9ZZZZZZZZZZZZZZZZZZZZZZ",
            "wsp_01j9zzzzzzzzzzzzzzzzzzzzz\0",
        ] {
            assert_eq!(text.parse::<WorkspaceId>(), Err(IdError("wsp")), "{text:?}");
        }
    }
}
