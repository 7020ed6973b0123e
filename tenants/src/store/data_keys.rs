use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use super::{
    StoreError, Tx,
    statement::{args, statements},
};
use crate::{
    DataKeyId,
    vault::{DataKey, Place, VaultError},
};

statements! {
    CREATE = "insert into data_keys (id, agency_id, scope, key_id, wrapped, created_at) values ($2, $1, $3, $4, $5, $6)";
    DELETE = "delete from data_keys where agency_id = $1 and scope = $2";
    BY_SCOPE = "select id, wrapped from data_keys where agency_id = $1 and scope = $2";
}

/// The scope of an agency's own secrets; a workspace's scope is its id.
pub(crate) const AGENCY_SCOPE: &str = "agency";

/// Where inside a scope a secret lives.
#[derive(Clone, Copy)]
pub(crate) struct Cell<'a> {
    pub scope: &'a str,
    pub row: &'a str,
    pub field: &'a str,
}

impl Tx {
    pub(super) async fn create_data_key(&mut self, scope: &str) -> Result<(), StoreError> {
        let id: DataKeyId = self.new_id();
        let tools = Arc::clone(&self.inner.tools);
        let agency = self.agency.clone();
        let place = Place {
            agency: agency.as_str(),
            scope,
            row: id.as_str(),
            field: "data_key",
        };
        let vault = tools.vault()?;
        let (_, wrapped) = vault.new_data_key(id.as_str(), place, &*tools.entropy);
        let now = self.now();
        self.inner
            .execute(
                CREATE,
                args![&agency, &id, scope, vault.key_id(), &wrapped, now],
            )
            .await?;
        Ok(())
    }

    /// Destroys the key, and so everything that was sealed with it, wherever copies of that are.
    pub(super) async fn delete_data_key(&mut self, scope: &str) -> Result<(), StoreError> {
        let agency = self.agency.clone();
        self.inner.execute(DELETE, args![&agency, scope]).await?;
        self.inner
            .tools
            .forget_data_key(&format!("{agency}/{scope}"));
        Ok(())
    }

    async fn data_key(&mut self, scope: &str) -> Result<Arc<DataKey>, StoreError> {
        let tools = Arc::clone(&self.inner.tools);
        let name = format!("{}/{scope}", self.agency);
        if let Some(key) = tools.cached_data_key(&name) {
            return Ok(key);
        }
        let agency = self.agency.clone();
        let row = self.inner.optional(BY_SCOPE, args![&agency, scope]).await?;
        let row = row.ok_or(StoreError::Vault(VaultError::DoesNotOpen))?;
        let id = row.text("id")?;
        let place = Place {
            agency: agency.as_str(),
            scope,
            row: &id,
            field: "data_key",
        };
        let key = Arc::new(
            tools
                .vault()?
                .open_data_key(&id, place, &row.bytes("wrapped")?)?,
        );
        tools.cache_data_key(name, &key);
        Ok(key)
    }

    pub(crate) async fn seal(
        &mut self,
        cell: Cell<'_>,
        plain: &SecretString,
    ) -> Result<Vec<u8>, StoreError> {
        let key = self.data_key(cell.scope).await?;
        let sealed = key.seal(
            self.place(cell),
            plain.expose_secret().as_bytes(),
            &*self.inner.tools.entropy,
        );
        Ok(sealed)
    }

    pub(crate) async fn open(
        &mut self,
        cell: Cell<'_>,
        sealed: &[u8],
    ) -> Result<SecretString, StoreError> {
        let key = self.data_key(cell.scope).await?;
        let plain = key.open(self.place(cell), sealed)?;
        let text = std::str::from_utf8(&plain).map_err(|_| VaultError::DoesNotOpen)?;
        Ok(SecretString::from(text))
    }

    fn place<'a>(&'a self, cell: Cell<'a>) -> Place<'a> {
        Place {
            agency: self.agency.as_str(),
            scope: cell.scope,
            row: cell.row,
            field: cell.field,
        }
    }
}
