//! An authority of one's own, for development and for networks without another: browsers trust it once its root, a file
//! to download, was installed.

use super::authority::{Authority, Offer, OfferKind, OrderStatus, Placed, RenewalWindow, Wish};
use super::refusal::{Refusal, RefusalKind};
use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use latchkey_tenants::vault::{DataKey, Place};
use latchkey_tenants::{Clock, Entropy, Timestamp, values::Host};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use rustls::pki_types::CertificateDer;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use zeroize::Zeroizing;

/// The root to install, and what signs with it.
pub const ROOT_FILE: &str = "internal-ca.pem";
const SEALED_FILE: &str = "internal-ca.sealed";

const DAY: Duration = Duration::from_hours(24);
const ROOT_LIFETIME: Duration = Duration::from_hours(24 * 3650);
const LEAF_LIFETIME: Duration = Duration::from_hours(24 * 90);

const PLACE: Place<'static> = Place {
    agency: "*",
    scope: "edge",
    row: "internal",
    field: "authority",
};

/// Signs whatever host an order is for: the orders are made only for hosts that were proven.
pub struct InternalAuthority {
    inner: Arc<Inner>,
}

struct Inner {
    issuer: Issuer<'static, KeyPair>,
    root: String,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

#[derive(Debug, thiserror::Error)]
pub enum InternalError {
    #[error("cannot use {}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error(
        "{} does not open: it is damaged or of another edge key. Restore the key, or move the file away for a new authority",
        .0.display()
    )]
    Sealed(PathBuf),
    #[error("the internal authority could not be made")]
    Make(#[from] rcgen::Error),
}

impl InternalAuthority {
    /// Reads the authority of this directory, or makes one if it is the first time.
    pub fn open(
        folder: &Path,
        edge_key: &DataKey,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, InternalError> {
        let path = folder.join(SEALED_FILE);
        let at = |path: &Path| {
            let path = path.to_owned();
            |source| InternalError::File { path, source }
        };
        if !path.exists() {
            let made = make(clock.now(), &*entropy)?;
            let sealed = edge_key.seal(PLACE, &made, &*entropy);
            create_once(&path, &sealed, &*entropy).map_err(at(&path))?;
        }
        let sealed = fs::read(&path).map_err(at(&path))?;
        let damaged = || InternalError::Sealed(path.clone());
        let plain = edge_key.open(PLACE, &sealed).map_err(|_| damaged())?;
        let (root, key) = split(&plain).ok_or_else(damaged)?;
        let issuer = Issuer::from_ca_cert_der(&root, KeyPair::try_from(key)?)?;

        let root = pem(&root);
        let root_path = folder.join(ROOT_FILE);
        if fs::read_to_string(&root_path).ok().as_ref() != Some(&root) {
            fs::write(&root_path, &root).map_err(at(&root_path))?;
        }
        let inner = Arc::new(Inner {
            issuer,
            root,
            clock,
            entropy,
        });
        Ok(Self { inner })
    }

    /// PEM of what clients install.
    pub fn root(&self) -> &str {
        &self.inner.root
    }
}

#[async_trait]
impl Authority for InternalAuthority {
    async fn place(&self, wish: Wish<'_>) -> Result<Box<dyn Placed>, Refusal> {
        Ok(InternalOrder::boxed(&self.inner, wish.host))
    }

    async fn resume(&self, url: &str) -> Result<Box<dyn Placed>, Refusal> {
        let host = url
            .strip_prefix("internal:")
            .and_then(|host| host.parse().ok());
        let host = host.ok_or_else(|| Refusal::new(RefusalKind::Gone, "no such internal order"))?;
        Ok(InternalOrder::boxed(&self.inner, &host))
    }

    async fn find(&self, _host: &Host) -> Result<Option<Box<dyn Placed>>, Refusal> {
        Ok(None)
    }

    async fn renewal_window(&self, _ari_id: &str) -> Result<Option<RenewalWindow>, Refusal> {
        Ok(None)
    }
}

/// Ready at once; nothing of it is remembered.
struct InternalOrder {
    inner: Arc<Inner>,
    host: Host,
    url: String,
    signed: Option<String>,
}

impl InternalOrder {
    fn boxed(inner: &Arc<Inner>, host: &Host) -> Box<dyn Placed> {
        Box::new(Self {
            inner: Arc::clone(inner),
            host: host.clone(),
            url: format!("internal:{host}"),
            signed: None,
        })
    }
}

#[async_trait]
impl Placed for InternalOrder {
    fn url(&self) -> &str {
        &self.url
    }

    fn status(&self) -> OrderStatus {
        match self.signed {
            None => OrderStatus::Ready,
            Some(_) => OrderStatus::Valid,
        }
    }

    async fn refresh(&mut self) -> Result<Option<Duration>, Refusal> {
        Ok(None)
    }

    async fn challenges(&mut self) -> Result<Vec<Offer>, Refusal> {
        Ok(Vec::new())
    }

    async fn ready(&mut self, _kind: OfferKind) -> Result<(), Refusal> {
        Ok(())
    }

    async fn finalize(&mut self, csr: &[u8]) -> Result<(), Refusal> {
        let signed = self.inner.sign(csr, &self.host);
        self.signed = Some(signed.map_err(|error| Refusal::away(&error.to_string()))?);
        Ok(())
    }

    async fn certificate(&mut self) -> Result<String, Refusal> {
        let signed = self.signed.clone();
        signed.ok_or_else(|| Refusal::away("the order is not finalized"))
    }

    async fn why(&mut self) -> Refusal {
        Refusal::away("an internal order is never invalid")
    }
}

impl Inner {
    /// The leaf and the root after it.
    fn sign(&self, csr: &[u8], host: &Host) -> Result<String, rcgen::Error> {
        let request = CertificateSigningRequestParams::from_der(&csr.into())?;
        let now = self.clock.now();
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.subject_alt_names = vec![SanType::DnsName(host.as_str().try_into()?)];
        params.not_before = date(now.minus(Duration::from_hours(1)));
        params.not_after = date(now.plus(LEAF_LIFETIME));
        params.serial_number = Some(serial(&*self.entropy));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let leaf = params.signed_by(&request.public_key, &self.issuer)?;
        Ok(format!("{}{}", leaf.pem(), self.root))
    }
}

/// The root's DER with its length in front, then its key.
fn make(now: Timestamp, entropy: &dyn Entropy) -> Result<Zeroizing<Vec<u8>>, InternalError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "Internal certificate authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = date(now.minus(DAY));
    params.not_after = date(now.plus(ROOT_LIFETIME));
    params.serial_number = Some(serial(entropy));
    let key = KeyPair::generate()?;
    let root = params.self_signed(&key)?;
    let mut made = Zeroizing::new(Vec::new());
    #[expect(clippy::expect_used, reason = "a root made above is under a kilobyte")]
    let length = u32::try_from(root.der().len()).expect("a small certificate");
    made.extend_from_slice(&length.to_be_bytes());
    made.extend_from_slice(root.der());
    made.extend_from_slice(key.serialized_der());
    Ok(made)
}

fn split(plain: &[u8]) -> Option<(CertificateDer<'_>, &[u8])> {
    let (length, rest) = plain.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (root, key) = rest.split_at_checked(length)?;
    Some((CertificateDer::from(root), key))
}

/// Whole or not at all, for the owner only; a file that is there already stays.
fn create_once(path: &Path, content: &[u8], entropy: &dyn Entropy) -> io::Result<()> {
    let draft = path.with_extension(entropy.short_token());
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(content)?;
    file.sync_all()?;
    let linked = match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result,
    };
    fs::remove_file(&draft)?;
    linked
}

fn pem(der: &CertificateDer<'_>) -> String {
    let text = STANDARD.encode(der);
    let lines = text.as_bytes().chunks(64).map(String::from_utf8_lossy);
    let body: Vec<_> = lines.collect();
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        body.join("\n")
    )
}

/// 127 random bits: never negative.
fn serial(entropy: &dyn Entropy) -> rcgen::SerialNumber {
    let mut bytes = entropy.bytes::<16>();
    bytes[0] = bytes[0] & 0x7f | 0x40;
    bytes.to_vec().into()
}

fn date(at: Timestamp) -> OffsetDateTime {
    at.date_time()
}

#[cfg(test)]
mod tests {
    use super::super::certificate::{check, new_key, request};
    use super::*;
    use latchkey_tenants::{ManualClock, SeededEntropy};
    use secrecy::SecretBox;

    fn open(folder: &Path, key: u8, seed: u64) -> Result<InternalAuthority, InternalError> {
        let edge_key = DataKey::of("edge", &SecretBox::new(Box::new([key; 32])));
        let clock = Arc::new(ManualClock::at(Timestamp(1_795_417_200_000_000)));
        InternalAuthority::open(folder, &edge_key, clock, Arc::new(SeededEntropy::new(seed)))
    }

    #[tokio::test]
    async fn it_is_made_once_and_signs_what_it_is_asked_to() {
        let folder = tempfile::tempdir().unwrap();
        let first = open(folder.path(), 7, 1).unwrap();
        let again = open(folder.path(), 7, 2).unwrap();
        assert_eq!(first.root(), again.root());
        let file = fs::read_to_string(folder.path().join(ROOT_FILE)).unwrap();
        assert_eq!(file, first.root());

        let host: Host = "northwind.links.localhost".parse().unwrap();
        let key = new_key().unwrap();
        let wish = Wish {
            host: &host,
            replaces: None,
        };
        let mut order = first.place(wish).await.unwrap();
        // Someone else goes on with it.
        order = again.resume(order.url()).await.unwrap();
        assert_eq!(order.status(), OrderStatus::Ready);
        order
            .finalize(&request(&host, &key).unwrap())
            .await
            .unwrap();
        let pem = order.certificate().await.unwrap();
        let now = Timestamp(1_795_417_200_000_000);
        let issued = check(&pem, &host, &key, now).unwrap();
        assert_eq!(issued.not_after, now.plus(LEAF_LIFETIME));
        assert!(pem.ends_with(first.root()));
    }

    #[test]
    fn k3_its_key_is_sealed_and_only_the_owners() {
        let folder = tempfile::tempdir().unwrap();
        open(folder.path(), 7, 1).unwrap();
        let path = folder.path().join(SEALED_FILE);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let Err(error) = open(folder.path(), 8, 1) else {
            panic!("another key opened it")
        };
        assert!(error.to_string().contains("of another edge key"), "{error}");
        // Nothing else was left behind.
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_second_process_at_the_same_moment_takes_the_first_ones() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.sealed");
        let entropy = SeededEntropy::new(1);
        create_once(&path, b"first", &entropy).unwrap();
        create_once(&path, b"second", &entropy).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"first");
    }
}
