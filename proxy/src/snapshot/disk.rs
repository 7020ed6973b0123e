//! The last good snapshot on disk, sealed with the edge key, so that a restarted edge serves with nothing else alive.
//!
//! A file is a row of frames, each its length and a sealed record. A frame is bound to its file and its place in it, so
//! frames of two files cannot be mixed, and a file that was cut short is refused. Where domains are refused they stand in one
//! frame more, which older programs do not read.

use super::{AgencyEntry, Certificate, HostEntry, Snapshot};
use latchkey_tenants::{
    AgencyId, AgencyStatus, CertificateId, DomainId, Entropy, Timestamp,
    values::{Email, Host, Name, Slug},
    vault::{DataKey, Place, VaultError},
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::fmt::Display;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

const MAGIC: &[u8; 8] = b"LKSNAP01";
/// Hosts in one frame: small enough that reading and writing need little memory beside the snapshot itself.
const HOSTS_PER_FRAME: usize = 1000;
/// The name of the frame behind those of hosts.
const REFUSED: &str = "refused";
/// No frame of ours is larger; a length above it is damage.
const MAX_FRAME: u32 = 64 << 20;

#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    #[error("cannot be read or written")]
    Io(#[from] io::Error),
    #[error("is no snapshot of this version")]
    Format,
    #[error("does not open: it was changed, or sealed with another edge key")]
    Sealed(#[from] VaultError),
    #[error("does not read back")]
    Decode(#[from] postcard::Error),
}

#[derive(Serialize, Deserialize)]
struct Header {
    file: String,
    version: i64,
    taken_at: i64,
    host_frames: u32,
    agencies: Vec<StoredAgency>,
    /// Certificates that more than one chain goes through.
    shared: Vec<Vec<u8>>,
}

#[derive(Serialize, Deserialize)]
struct StoredAgency {
    id: AgencyId,
    slug: Slug,
    name: Name,
    support_email: Option<Email>,
    brand_color: String,
    status: AgencyStatus,
}

#[derive(Serialize, Deserialize)]
struct StoredHost {
    host: Host,
    domain_id: DomainId,
    /// Index into the header's agencies.
    agency: u32,
    certificate: Option<StoredCertificate>,
}

#[derive(Serialize, Deserialize)]
struct StoredCertificate {
    id: CertificateId,
    serial: String,
    not_before: i64,
    not_after: i64,
    leaf: Vec<u8>,
    /// Indices into the header's shared certificates.
    rest: Vec<u32>,
    sealed_key: Vec<u8>,
}

/// Replaces the file at `path` in one step: a crash leaves the old one.
pub fn save(
    path: &Path,
    snapshot: &Snapshot,
    key: &DataKey,
    entropy: &dyn Entropy,
) -> Result<(), DiskError> {
    // Two processes may write at once while one replaces the other.
    let fresh = path.with_extension(entropy.short_token());
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&fresh)?;
    let written =
        write_all(file, snapshot, key, entropy).and_then(|()| Ok(fs::rename(&fresh, path)?));
    if written.is_err() {
        let _not_there = fs::remove_file(&fresh);
    }
    written?;
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn write_all(
    file: File,
    snapshot: &Snapshot,
    key: &DataKey,
    entropy: &dyn Entropy,
) -> Result<(), DiskError> {
    let mut out = BufWriter::new(file);
    write(&mut out, snapshot, key, entropy)?;
    let file = out.into_inner().map_err(|error| error.into_error())?;
    Ok(file.sync_all()?)
}

/// None: there is no file.
pub fn load(path: &Path, key: &DataKey) -> Result<Option<Snapshot>, DiskError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    read(&mut BufReader::with_capacity(1 << 20, file), key).map(Some)
}

fn write(
    out: &mut impl Write,
    snapshot: &Snapshot,
    key: &DataKey,
    entropy: &dyn Entropy,
) -> Result<(), DiskError> {
    let agencies: Vec<&Arc<AgencyEntry>> = snapshot.agencies.values().collect();
    let agency_index: HashMap<&AgencyId, u32> =
        agencies.iter().map(|agency| &agency.id).zip(0..).collect();
    let hosts: Vec<&Arc<HostEntry>> = snapshot.hosts.values().collect();
    let shared: HashMap<&[u8], u32> = snapshot
        .authorities
        .iter()
        .map(|der| &**der)
        .zip(0..)
        .collect();
    let header = Header {
        file: entropy.token(),
        version: snapshot.version,
        taken_at: snapshot.taken_at.micros(),
        host_frames: u32::try_from(hosts.len().div_ceil(HOSTS_PER_FRAME))
            .map_err(|_| DiskError::Format)?,
        agencies: agencies.iter().map(|agency| agency.stored()).collect(),
        shared: snapshot
            .authorities
            .iter()
            .map(|der| der.to_vec())
            .collect(),
    };
    out.write_all(MAGIC)?;
    write_frame(out, "header", &header, key, entropy)?;
    for (index, hosts) in hosts.chunks(HOSTS_PER_FRAME).enumerate() {
        let stored: Vec<StoredHost> = hosts
            .iter()
            .map(|host| host.stored(&agency_index, &shared))
            .collect();
        write_frame(out, &frame_name(&header.file, index), &stored, key, entropy)?;
    }
    if snapshot.refused.is_empty() {
        return Ok(());
    }
    let name = frame_name(&header.file, REFUSED);
    write_frame(out, &name, &snapshot.refused, key, entropy)
}

fn read(input: &mut impl BufRead, key: &DataKey) -> Result<Snapshot, DiskError> {
    let mut magic = [0; MAGIC.len()];
    input.read_exact(&mut magic)?;
    if magic != *MAGIC {
        return Err(DiskError::Format);
    }
    let header: Header = read_frame(input, "header", key)?;
    let shared: Vec<Arc<[u8]>> = header.shared.into_iter().map(Arc::from).collect();
    let agencies: Vec<Arc<AgencyEntry>> = header
        .agencies
        .into_iter()
        .map(|agency| Arc::new(agency.entry()))
        .collect();
    let mut hosts = HashMap::new();
    for index in 0..header.host_frames as usize {
        let name = frame_name(&header.file, index);
        for host in read_frame::<Vec<StoredHost>>(input, &name, key)? {
            let entry = host.entry(&agencies, &shared).ok_or(DiskError::Format)?;
            hosts.insert(entry.host.clone(), Arc::new(entry));
        }
    }
    let refused = match input.fill_buf()?.is_empty() {
        true => BTreeSet::new(),
        false => read_frame(input, &frame_name(&header.file, REFUSED), key)?,
    };
    Ok(Snapshot {
        version: header.version,
        taken_at: Timestamp(header.taken_at),
        hosts,
        agencies: agencies
            .into_iter()
            .map(|agency| (agency.id.clone(), agency))
            .collect(),
        authorities: shared.into_iter().collect(),
        refused,
    })
}

fn frame_name(file: &str, index: impl Display) -> String {
    format!("{file}/{index}")
}

fn place(name: &str) -> Place<'_> {
    Place {
        agency: "*",
        scope: "edge",
        row: name,
        field: "snapshot",
    }
}

fn write_frame(
    out: &mut impl Write,
    name: &str,
    record: &impl Serialize,
    key: &DataKey,
    entropy: &dyn Entropy,
) -> Result<(), DiskError> {
    let sealed = key.seal(place(name), &postcard::to_stdvec(record)?, entropy);
    let length = u32::try_from(sealed.len()).map_err(|_| DiskError::Format)?;
    out.write_all(&length.to_le_bytes())?;
    Ok(out.write_all(&sealed)?)
}

fn read_frame<T: DeserializeOwned>(
    input: &mut impl Read,
    name: &str,
    key: &DataKey,
) -> Result<T, DiskError> {
    let mut length = [0; 4];
    input.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length);
    if length > MAX_FRAME {
        return Err(DiskError::Format);
    }
    let mut sealed = vec![0; length as usize];
    input.read_exact(&mut sealed)?;
    let plain = key.open(place(name), &sealed)?;
    Ok(postcard::from_bytes(&plain)?)
}

impl AgencyEntry {
    fn stored(&self) -> StoredAgency {
        StoredAgency {
            id: self.id.clone(),
            slug: self.slug.clone(),
            name: self.name.clone(),
            support_email: self.support_email.clone(),
            brand_color: self.brand_color.clone(),
            status: self.status,
        }
    }
}

impl StoredAgency {
    fn entry(self) -> AgencyEntry {
        AgencyEntry {
            id: self.id,
            slug: self.slug,
            name: self.name,
            support_email: self.support_email,
            brand_color: self.brand_color,
            status: self.status,
        }
    }
}

impl HostEntry {
    fn stored(
        &self,
        agencies: &HashMap<&AgencyId, u32>,
        shared: &HashMap<&[u8], u32>,
    ) -> StoredHost {
        let certificate = self
            .certificate
            .as_ref()
            .map(|certificate| StoredCertificate {
                id: certificate.id.clone(),
                serial: certificate.serial.clone(),
                not_before: certificate.not_before.micros(),
                not_after: certificate.not_after.micros(),
                leaf: certificate
                    .chain
                    .first()
                    .map_or_else(Vec::new, |der| der.to_vec()),
                rest: certificate
                    .chain
                    .iter()
                    .skip(1)
                    .filter_map(|der| shared.get(&**der).copied())
                    .collect(),
                sealed_key: certificate.sealed_key.to_vec(),
            });
        StoredHost {
            host: self.host.clone(),
            domain_id: self.domain_id.clone(),
            agency: agencies.get(&self.agency.id).copied().unwrap_or(u32::MAX),
            certificate,
        }
    }
}

impl StoredHost {
    fn entry(self, agencies: &[Arc<AgencyEntry>], shared: &[Arc<[u8]>]) -> Option<HostEntry> {
        let certificate = match self.certificate {
            Some(stored) => Some(Arc::new(stored.entry(&self.host, shared)?)),
            None => None,
        };
        Some(HostEntry {
            domain_id: self.domain_id,
            agency: agencies.get(self.agency as usize)?.clone(),
            certificate,
            host: self.host,
        })
    }
}

impl StoredCertificate {
    fn entry(self, host: &Host, shared: &[Arc<[u8]>]) -> Option<Certificate> {
        let mut chain = vec![Arc::from(self.leaf)];
        for index in self.rest {
            chain.push(shared.get(index as usize)?.clone());
        }
        Some(Certificate::new(
            self.id,
            host.clone(),
            self.serial,
            (Timestamp(self.not_before), Timestamp(self.not_after)),
            chain,
            self.sealed_key.into(),
        ))
    }
}
