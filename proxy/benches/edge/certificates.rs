//! A root, an intermediate, and a P-256 certificate for every host, as files that every server of the comparison reads.

use std::fs;
use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};

/// Writes `root.pem` and `hosts/{host}.pem`: certificate, intermediate, key.
pub fn make(folder: &Path, count: usize) {
    let hosts = folder.join("hosts");
    fs::create_dir_all(&hosts).expect("a folder for the certificates");
    let root = CertifiedIssuer::self_signed(authority("Bench Root"), key()).expect("a root");
    let middle = CertifiedIssuer::signed_by(authority("Bench Authority"), key(), &root)
        .expect("an intermediate");
    fs::write(folder.join("root.pem"), root.pem()).expect("the root is written");
    let write = |number: usize| {
        let host = crate::host(number);
        let key = key();
        let params = dated(CertificateParams::new([host.clone()]).expect("a DNS name"));
        let leaf = params.signed_by(&key, &middle).expect("a certificate");
        let text = format!("{}{}{}", leaf.pem(), middle.pem(), key.serialize_pem());
        fs::write(hosts.join(format!("{host}.pem")), text).expect("the certificate is written");
    };
    let threads = std::thread::available_parallelism().map_or(1, Into::into);
    std::thread::scope(|scope| {
        for first in 0..threads {
            scope.spawn(move || (first..count).step_by(threads).for_each(write));
        }
    });
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a P-256 key")
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    dated(params)
}

/// The life of a certificate of a public authority.
fn dated(mut params: CertificateParams) -> CertificateParams {
    params.not_before = OffsetDateTime::now_utc() - Duration::hours(1);
    params.not_after = params.not_before + Duration::days(90);
    params
}
