//! Keys, certificate requests, and what is looked at before an issued certificate is used.

use super::refusal::{Refusal, RefusalKind};
use instant_acme::CertificateIdentifier;
use latchkey_tenants::{Timestamp, values::Host};
use rcgen::{CertificateParams, DistinguishedName, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::crypto::ring::sign::any_ecdsa_type;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject};
use rustls::sign::CertifiedKey;
use std::time::Duration;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};
use zeroize::Zeroizing;

const MAX_CHAIN: usize = 10;
/// Authorities date a certificate back; a clock that is this far behind theirs is no reason to throw one away.
const CLOCK_SKEW: Duration = Duration::from_hours(1);
const SHORT_LIVED: Duration = Duration::from_hours(10 * 24);

/// A new P-256 key, PKCS#8 in DER.
pub fn new_key() -> Result<Zeroizing<Vec<u8>>, rcgen::Error> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    Ok(Zeroizing::new(key.serialize_der()))
}

/// The request to certify this key for one host, in DER.
pub fn request(host: &Host, key: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&key.into(), &PKCS_ECDSA_P256_SHA256)?;
    let mut params = CertificateParams::new(vec![host.to_string()])?;
    params.distinguished_name = DistinguishedName::new();
    Ok(params.serialize_request(&key)?.der().to_vec())
}

/// A certificate that may be used.
#[derive(Clone, Debug)]
pub struct Issued {
    /// DER, the leaf first.
    pub chain: Vec<Vec<u8>>,
    /// Lower-case hexadecimal.
    pub serial: String,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// RFC 9773 §4.1. None: it names no authority key.
    pub ari_id: Option<String>,
}

/// Whether what an authority sent is a chain for this host and this key that is valid now.
pub fn check(pem: &str, host: &Host, key: &[u8], now: Timestamp) -> Result<Issued, Refusal> {
    let chain = parse_chain(pem)?;
    let leaf = chain
        .first()
        .ok_or_else(|| bad("it holds no certificate"))?;
    let issued = leaf_facts(leaf, host)?;
    if issued.not_after <= now || issued.not_before > now.plus(CLOCK_SKEW) {
        return Err(bad("it is not valid now"));
    }
    check_links(&chain)?;
    check_key(&chain, key)?;
    Ok(Issued {
        chain: chain.iter().map(|der| der.to_vec()).collect(),
        ..issued
    })
}

/// When a certificate is renewed if nobody says otherwise: a third of its lifetime is left, half where that is short.
pub fn back_stop(not_before: Timestamp, not_after: Timestamp) -> Timestamp {
    let lifetime = Duration::from_micros(
        u64::try_from(not_after.micros().saturating_sub(not_before.micros())).unwrap_or(0),
    );
    let left = if lifetime < SHORT_LIVED {
        lifetime / 2
    } else {
        lifetime / 3
    };
    not_after.minus(left)
}

fn parse_chain(pem: &str) -> Result<Vec<CertificateDer<'static>>, Refusal> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .take(MAX_CHAIN + 1)
        .collect::<Result<_, _>>()
        .map_err(|_| bad("it is not PEM"))?;
    if chain.len() > MAX_CHAIN {
        return Err(bad("its chain is too long"));
    }
    Ok(chain)
}

fn leaf_facts(der: &CertificateDer<'_>, host: &Host) -> Result<Issued, Refusal> {
    let leaf = parse(der)?;
    let names = leaf.subject_alternative_name().ok().flatten();
    let names = names.map_or(&[][..], |names| &names.value.general_names);
    match names {
        [GeneralName::DNSName(name)] if name.eq_ignore_ascii_case(host.as_str()) => {}
        _ => return Err(bad("it is not for this host, or not for this host alone")),
    }
    let validity = leaf.validity();
    let moment = |at: i64| Timestamp(at.saturating_mul(1_000_000));
    let serial = leaf.raw_serial();
    let serial = serial.strip_prefix(&[0]).unwrap_or(serial);
    Ok(Issued {
        chain: Vec::new(),
        serial: serial.iter().map(|byte| format!("{byte:02x}")).collect(),
        not_before: moment(validity.not_before.timestamp()),
        not_after: moment(validity.not_after.timestamp()),
        ari_id: CertificateIdentifier::try_from(der)
            .ok()
            .map(|id| id.to_string()),
    })
}

/// Each certificate is by the one after it.
fn check_links(chain: &[CertificateDer<'_>]) -> Result<(), Refusal> {
    for pair in chain.windows(2) {
        let [lower, upper] = pair else { continue };
        let (lower, upper) = (parse(lower)?, parse(upper)?);
        if lower.issuer().as_raw() != upper.subject().as_raw() || !upper.is_ca() {
            return Err(bad("its chain does not link"));
        }
    }
    Ok(())
}

fn check_key(chain: &[CertificateDer<'static>], key: &[u8]) -> Result<(), Refusal> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key));
    let key = any_ecdsa_type(&key).map_err(|_| bad("the order's own key cannot be used"))?;
    CertifiedKey::new(chain.to_vec(), key)
        .keys_match()
        .map_err(|_| bad("it is for another key"))
}

fn parse<'a>(der: &'a CertificateDer<'_>) -> Result<X509Certificate<'a>, Refusal> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        _ => Err(bad("a certificate of its chain does not parse")),
    }
}

fn bad(what: &str) -> Refusal {
    let detail = format!("the authority's certificate cannot be used: {what}");
    Refusal::new(RefusalKind::BadCertificate, &detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertifiedIssuer, DnType, IsCa};
    use time::OffsetDateTime;

    const DAY: i64 = 86_400_000_000;

    fn day(number: i64) -> Timestamp {
        Timestamp(1_795_417_200_000_000 + number * DAY)
    }

    fn host() -> Host {
        "connect.acme.example".parse().unwrap()
    }

    fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    }

    /// Valid from day 0 to day 90.
    fn chain(names: &[&str], key: &[u8], after: &str) -> String {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        let date = |day: Timestamp| OffsetDateTime::from_unix_timestamp(day.seconds()).unwrap();
        (params.not_before, params.not_after) = (date(day(0)), date(day(90)));
        params.serial_number = Some(vec![0x0a, 0xff].into());
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::try_from(key).unwrap();
        let authority = authority("an authority");
        let leaf = params.signed_by(&key, &authority).unwrap();
        format!("{}{}{after}", leaf.pem(), authority.pem())
    }

    fn problem(pem: &str, key: &[u8], now: Timestamp) -> String {
        let refusal = check(pem, &host(), key, now).unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::BadCertificate);
        refusal.detail().to_owned()
    }

    #[test]
    fn a_right_chain_is_taken() {
        let key = new_key().unwrap();
        let pem = chain(&[host().as_str()], &key, "");
        let issued = check(&pem, &host(), &key, day(1)).unwrap();
        assert_eq!((issued.chain.len(), issued.serial.as_str()), (2, "0aff"));
        assert_eq!((issued.not_before, issued.not_after), (day(0), day(90)));
        assert!(issued.ari_id.unwrap().ends_with(".Cv8"));
    }

    #[test]
    fn another_host_key_time_or_chain_is_not() {
        let (key, other) = (new_key().unwrap(), new_key().unwrap());
        let good = chain(&[host().as_str()], &key, "");
        assert!(problem(&good, &other, day(1)).ends_with("another key"));
        assert!(problem(&good, &key, day(90)).ends_with("not valid now"));
        assert!(problem(&good, &key, day(-1)).ends_with("not valid now"));
        for names in [&["else.example"][..], &[host().as_str(), "else.example"]] {
            assert!(problem(&chain(names, &key, ""), &key, day(1)).contains("not for this host"));
        }
        let stranger = authority("a stranger").pem();
        let leaf = good
            .split_inclusive("-----END CERTIFICATE-----")
            .next()
            .unwrap();
        let unlinked = format!("{leaf}\n{stranger}");
        assert!(problem(&unlinked, &key, day(1)).contains("does not link"));
        assert!(problem("", &key, day(1)).contains("no certificate"));
        assert!(
            problem(
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                &key,
                day(1)
            )
            .contains("parse")
        );
        let long = chain(
            &[host().as_str()],
            &key,
            &authority("an authority").pem().repeat(9),
        );
        assert!(problem(&long, &key, day(1)).contains("too long"));
    }

    #[test]
    fn a_third_is_left_or_half_of_a_short_life() {
        assert_eq!(back_stop(day(0), day(90)), day(60));
        assert_eq!(back_stop(day(0), day(6)), day(3));
        assert_eq!(back_stop(day(6), day(0)), day(0));
    }
}
