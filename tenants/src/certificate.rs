use crate::{AgencyId, CertificateId, DomainId, Timestamp, text_enum, values::Host};

/// What people are told about a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateSummary {
    /// Hex, lower case.
    pub serial: String,
    /// The ACME directory it came from, or `internal`.
    pub issuer: String,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
}

text_enum! {
    OrderPurpose { First = "first", Renewal = "renewal" }
}

text_enum! {
    ChallengeKind { Http01 = "http-01", TlsAlpn01 = "tls-alpn-01" }
}

/// A certificate in use that is due: to be renewed, or to be asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrentCertificate {
    pub id: CertificateId,
    pub agency_id: AgencyId,
    pub domain_id: DomainId,
    pub host: Host,
    pub issuer: String,
    pub serial: String,
    /// What its issuer calls it (RFC 9773 §4.1); none: the issuer tells no windows.
    pub ari_id: Option<String>,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    pub renew_at: Timestamp,
    /// When to ask the issuer again.
    pub ari_next_at: Option<Timestamp>,
}

/// Certificates, leaf first, each with its length in front: four bytes, big endian.
pub(crate) fn pack_chain(chain: &[Vec<u8>]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(chain.iter().map(|der| der.len() + 4).sum());
    for der in chain {
        #[expect(clippy::expect_used, reason = "a certificate is some kilobytes")]
        let length = u32::try_from(der.len()).expect("less than 4 GiB");
        packed.extend_from_slice(&length.to_be_bytes());
        packed.extend_from_slice(der);
    }
    packed
}

/// None: it is not what [`pack_chain`] writes.
pub(crate) fn unpack_chain(mut packed: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut chain = Vec::new();
    while !packed.is_empty() {
        let (length, rest) = packed.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (der, rest) = rest.split_at_checked(length)?;
        chain.push(der.to_vec());
        packed = rest;
    }
    Some(chain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_packed_chain_reads_back(chain: Vec<Vec<u8>>) {
            prop_assert_eq!(unpack_chain(&pack_chain(&chain)), Some(chain));
        }

        #[test]
        fn rubbish_is_no_chain_or_one_that_packs_the_same(rubbish: Vec<u8>) {
            if let Some(chain) = unpack_chain(&rubbish) {
                prop_assert_eq!(pack_chain(&chain), rubbish);
            }
        }
    }
}
