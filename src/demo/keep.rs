//! What the demo keeps between two runs, besides its database: keys, its port, and where its sample handoff stands.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use latchkey_tenants::Entropy;
use secrecy::{SecretBox, SecretString};
use serde::{Deserialize, Serialize};

use super::disk;

/// Where a first demo listens.
const FIRST_PORT: u16 = 8080;

/// Secrets of a throw-away show-case, in a file that only its owner can read.
#[derive(Clone, Serialize, Deserialize)]
pub struct Keep {
    vault_key: String,
    /// Empty in the file of a demo from before there was an edge.
    #[serde(default)]
    edge_key: String,
    pub client_secret: String,
    pub port: u16,
    /// None until the sample handoff is laid out whole.
    pub sample: Option<Sample>,
}

/// The sample handoff.
#[derive(Clone, Serialize, Deserialize)]
pub struct Sample {
    pub api_key: String,
    pub workflow_id: String,
    pub request_id: String,
}

impl Keep {
    pub fn file(folder: &Path) -> PathBuf {
        folder.join("demo.json")
    }

    /// What an earlier run left, or a new start.
    pub fn load(folder: &Path, entropy: &dyn Entropy) -> io::Result<Self> {
        let new_key = || STANDARD.encode(entropy.bytes::<32>());
        match fs::read(Self::file(folder)) {
            Ok(bytes) => {
                let mut keep: Self = serde_json::from_slice(&bytes).map_err(io::Error::other)?;
                if keep.edge_key.is_empty() {
                    keep.edge_key = new_key();
                }
                Ok(keep)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self {
                vault_key: new_key(),
                edge_key: new_key(),
                client_secret: entropy.token(),
                port: FIRST_PORT,
                sample: None,
            }),
            Err(error) => Err(error),
        }
    }

    pub fn save(&self, folder: &Path) -> io::Result<()> {
        disk::write(&Self::file(folder), &serde_json::to_vec_pretty(self)?)
    }

    pub fn vault_key(&self) -> io::Result<SecretBox<[u8; 32]>> {
        key(&self.vault_key, "vault")
    }

    pub fn edge_key(&self) -> io::Result<SecretBox<[u8; 32]>> {
        key(&self.edge_key, "edge")
    }
}

fn key(text: &str, name: &str) -> io::Result<SecretBox<[u8; 32]>> {
    let bytes = STANDARD.decode(text).ok();
    let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
    bytes
        .map(|bytes| SecretBox::new(Box::new(bytes)))
        .ok_or_else(|| io::Error::other(format!("demo.json holds no {name} key")))
}

impl Sample {
    pub fn api_key(&self) -> SecretString {
        SecretString::from(self.api_key.as_str())
    }
}

#[cfg(test)]
mod tests {
    use latchkey_tenants::SeededEntropy;

    use super::*;

    #[test]
    fn a_second_run_finds_the_first_ones_keys() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = Keep::load(folder.path(), &SeededEntropy::new(1)).unwrap();
        first.port = 9090;
        first.save(folder.path()).unwrap();
        let second = Keep::load(folder.path(), &SeededEntropy::new(2)).unwrap();
        assert_eq!(second.vault_key, first.vault_key);
        assert_eq!(second.edge_key, first.edge_key);
        assert_eq!(second.port, 9090, "links that are out keep working");
    }

    #[test]
    fn a_broken_file_is_an_error_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(Keep::file(folder.path()), "{").unwrap();
        assert!(Keep::load(folder.path(), &SeededEntropy::new(1)).is_err());
        assert!(Keep::file(folder.path()).exists());
    }
}
