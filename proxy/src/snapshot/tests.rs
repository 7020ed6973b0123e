use super::*;
use latchkey_tenants::{AgencyStatus, DomainState};
use latchkey_tenants::{
    CertificateId, ManualClock, SeededEntropy,
    store::{EdgeAgency, EdgeCertificate, EdgeChanges, EdgeHost},
    vault::DataKey,
};
use secrecy::SecretBox;
use std::fs;

fn edge_key(byte: u8) -> DataKey {
    DataKey::of("edge", &SecretBox::new(Box::new([byte; 32])))
}

/// Makes rows as the store gives them.
struct Rows {
    clock: ManualClock,
    entropy: SeededEntropy,
    agency: AgencyId,
    version: i64,
}

impl Rows {
    fn new() -> Self {
        let clock = ManualClock::at(Timestamp(1_795_417_200_000_000));
        let entropy = SeededEntropy::new(1);
        let agency = AgencyId::new(&clock, &entropy);
        Self {
            clock,
            entropy,
            agency,
            version: 0,
        }
    }

    fn agency(&self, name: &str) -> EdgeAgency {
        EdgeAgency {
            id: self.agency.clone(),
            slug: "northwind".parse().unwrap(),
            name: name.parse().unwrap(),
            support_email: None,
            brand_color: "#0b5fff".to_owned(),
            status: AgencyStatus::Active,
            version: self.version,
        }
    }

    fn host(&mut self, name: &str) -> EdgeHost {
        self.version += 1;
        EdgeHost {
            host: name.parse().unwrap(),
            domain_id: DomainId::new(&self.clock, &self.entropy),
            agency_id: self.agency.clone(),
            state: DomainState::Live,
            served: true,
            certificate: Some(self.certificate(name)),
            version: self.version,
        }
    }

    fn certificate(&self, name: &str) -> EdgeCertificate {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
        let leaf = params.self_signed(&key).unwrap();
        let host: Host = name.parse().unwrap();
        EdgeCertificate {
            id: CertificateId::new(&self.clock, &self.entropy),
            chain: vec![leaf.der().to_vec(), b"the authority".to_vec()],
            sealed_key: edge_key(1).seal(key_place(&host), key.serialized_der(), &self.entropy),
            not_before: Timestamp(1),
            not_after: Timestamp(2),
            serial: "0a".to_owned(),
        }
    }

    fn changes(&self, agencies: Vec<EdgeAgency>, hosts: Vec<EdgeHost>) -> EdgeChanges {
        EdgeChanges {
            hosts,
            agencies,
            up_to: self.version,
            ..EdgeChanges::default()
        }
    }
}

fn merged(last: &Snapshot, changes: EdgeChanges) -> (Snapshot, u64) {
    let mut merge = Merge::onto(last);
    merge.add(changes, &edge_key(1));
    merge.finish(Timestamp(5))
}

fn three_hosts() -> (Rows, Snapshot) {
    let mut rows = Rows::new();
    let hosts = ["a.example", "b.example", "c.example"].map(|name| rows.host(name));
    let changes = rows.changes(vec![rows.agency("Northwind")], hosts.into());
    let (snapshot, refused) = merged(&Snapshot::empty(), changes);
    assert_eq!(refused, 0);
    (rows, snapshot)
}

#[test]
fn what_did_not_change_is_shared() {
    let (mut rows, first) = three_hosts();
    let renewed = EdgeHost {
        domain_id: first.host("b.example").unwrap().domain_id.clone(),
        ..rows.host("b.example")
    };
    let (second, _) = merged(&first, rows.changes(vec![], vec![renewed]));
    let same = |host: &str| Arc::ptr_eq(first.host(host).unwrap(), second.host(host).unwrap());
    assert!(same("a.example") && same("c.example") && !same("b.example"));
    assert_eq!(second.version, 4);
    assert_eq!(second.taken_at, Timestamp(5));
    let authority = |host: &str| {
        second
            .host(host)
            .unwrap()
            .certificate
            .as_ref()
            .unwrap()
            .chain[1]
            .clone()
    };
    assert!(Arc::ptr_eq(
        &authority("a.example"),
        &authority("b.example")
    ));
}

#[test]
fn an_agency_that_changed_changes_on_all_its_hosts() {
    let (mut rows, first) = three_hosts();
    rows.version += 1;
    let (second, _) = merged(&first, rows.changes(vec![rows.agency("Southwind")], vec![]));
    for host in ["a.example", "b.example", "c.example"] {
        let entry = second.host(host).unwrap();
        assert_eq!(entry.agency.name.as_str(), "Southwind");
        let certificates = [first.host(host), Some(entry)]
            .map(|entry| entry.unwrap().certificate.clone().unwrap());
        assert!(Arc::ptr_eq(&certificates[0], &certificates[1]));
    }
}

#[test]
fn a_host_that_is_no_longer_served_is_gone_unless_another_claim_holds_it() {
    let (mut rows, first) = three_hosts();
    let gone = EdgeHost {
        served: false,
        certificate: None,
        domain_id: first.host("a.example").unwrap().domain_id.clone(),
        ..rows.host("a.example")
    };
    let stale = EdgeHost {
        served: false,
        certificate: None,
        ..rows.host("b.example")
    };
    let (second, _) = merged(&first, rows.changes(vec![], vec![gone, stale]));
    assert!(second.host("a.example").is_none());
    assert!(second.host("b.example").is_some());
}

#[test]
fn a_bad_row_keeps_the_last_good_one() {
    let (mut rows, first) = three_hosts();
    let domain_id = first.host("a.example").unwrap().domain_id.clone();
    let mut bad = rows.host("a.example");
    bad.domain_id = domain_id;
    bad.certificate.as_mut().unwrap().sealed_key[20] ^= 1;
    let mut strange = rows.host("d.example");
    strange.agency_id = AgencyId::new(&rows.clock, &rows.entropy);
    let (second, refused) = merged(&first, rows.changes(vec![], vec![bad, strange]));
    assert_eq!(refused, 2);
    assert_eq!(second.refused().len(), 2);
    assert!(second.host("d.example").is_none());
    let certificate = |snapshot: &Snapshot| {
        snapshot
            .host("a.example")
            .unwrap()
            .certificate
            .clone()
            .unwrap()
    };
    assert!(Arc::ptr_eq(&certificate(&first), &certificate(&second)));
}

#[test]
fn what_is_refused_is_told_until_a_good_row_comes_also_after_a_restart() {
    let (mut rows, first) = three_hosts();
    assert!(first.refused().is_empty());
    let domain_id = first.host("a.example").unwrap().domain_id.clone();
    let mut row = |change: fn(&mut EdgeCertificate)| {
        let mut row = rows.host("a.example");
        row.domain_id = domain_id.clone();
        change(row.certificate.as_mut().unwrap());
        rows.changes(vec![], vec![row])
    };
    let (second, _) = merged(&first, row(|certificate| certificate.sealed_key[20] ^= 1));
    assert_eq!(second.refused(), std::slice::from_ref(&domain_id));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshot");
    let entropy = SeededEntropy::new(2);
    disk::save(&path, &second, &edge_key(1), &entropy).unwrap();
    let back = disk::load(&path, &edge_key(1)).unwrap().unwrap();
    assert_eq!(back.refused(), std::slice::from_ref(&domain_id));
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    assert!(disk::load(&path, &edge_key(1)).is_err(), "cut short");

    let (third, _) = merged(&back, row(|_| {}));
    assert!(third.refused().is_empty());
}

#[test]
fn a_certificate_that_a_client_asks_for_in_vain_is_told() {
    let (_, snapshot) = three_hosts();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshot");
    let entropy = SeededEntropy::new(2);
    disk::save(&path, &snapshot, &edge_key(1), &entropy).unwrap();
    let back = disk::load(&path, &edge_key(1)).unwrap().unwrap();
    let entry = back.host("b.example").unwrap();
    let certificate = entry.certificate.as_ref().unwrap();
    assert!(back.refused().is_empty());
    assert!(certificate.signing(&edge_key(2)).is_none());
    assert_eq!(back.refused(), std::slice::from_ref(&entry.domain_id));
}

#[test]
fn a_snapshot_comes_back_from_disk_and_its_keys_open() {
    let (rows, snapshot) = three_hosts();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshot");
    assert!(disk::load(&path, &edge_key(1)).unwrap().is_none());
    disk::save(&path, &snapshot, &edge_key(1), &rows.entropy).unwrap();
    let back = disk::load(&path, &edge_key(1)).unwrap().unwrap();
    assert_eq!(
        (back.version, back.taken_at),
        (snapshot.version, snapshot.taken_at)
    );
    for host in ["a.example", "b.example", "c.example"] {
        let entry = back.host(host).unwrap();
        assert_eq!(entry.agency.name.as_str(), "Northwind");
        assert!(
            entry
                .certificate
                .as_ref()
                .unwrap()
                .signing(&edge_key(1))
                .is_some()
        );
        assert_eq!(entry.certificate.as_ref().unwrap().chain.len(), 2);
    }
    let bytes = fs::read(&path).unwrap();
    for plain in [&b"a.example"[..], b"Northwind"] {
        assert!(
            !bytes.windows(plain.len()).any(|part| part == plain),
            "the file is sealed"
        );
    }
}

#[test]
fn a_damaged_or_foreign_file_is_refused() {
    let (rows, snapshot) = three_hosts();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshot");
    disk::save(&path, &snapshot, &edge_key(1), &rows.entropy).unwrap();
    let good = fs::read(&path).unwrap();
    assert!(disk::load(&path, &edge_key(2)).is_err(), "another key");
    for length in [0, 7, 8, 10, 200, good.len() - 1] {
        fs::write(&path, &good[..length]).unwrap();
        assert!(disk::load(&path, &edge_key(1)).is_err(), "cut at {length}");
    }
    for at in [0, 9, 40, good.len() / 2, good.len() - 1] {
        let mut flipped = good.clone();
        flipped[at] ^= 1;
        fs::write(&path, flipped).unwrap();
        assert!(disk::load(&path, &edge_key(1)).is_err(), "flipped at {at}");
    }
    disk::save(&path, &snapshot, &edge_key(1), &rows.entropy).unwrap();
    let other = fs::read(&path).unwrap();
    let header = 12 + u32::from_le_bytes(good[8..12].try_into().unwrap()) as usize;
    fs::write(&path, [&good[..header], &other[header..]].concat()).unwrap();
    assert!(
        disk::load(&path, &edge_key(1)).is_err(),
        "frames of another file"
    );
}
