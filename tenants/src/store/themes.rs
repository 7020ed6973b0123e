//! Versions of an agency's theme. Which of them is published is in `theme_publishing`.

use secrecy::SecretString;

use super::{
    StoreError, Tx,
    conn::Row,
    data_keys::{AGENCY_SCOPE, Cell},
    statement::{args, statements},
    workspaces::before_id,
};
use crate::{
    ActionError, EventType, NewEvent, PageOf, ThemeId, ThemeKind, ThemeVersion,
    id::kinds::ThemeIdKind,
};

statements! {
    CREATE = "insert into themes (id, agency_id, hash, name, version, kind, package, report, created_by, created_at) values ($2, $1, $3, $4, $5, $6, $7, $8, $9, $10)";
    ONE = "select t.id, t.hash, t.name, t.version, t.kind, t.report, t.created_by, t.created_at, t.published_at, cast(case when a.theme = t.hash then 1 else 0 end as bigint) as is_current from themes t join agencies a on a.id = t.agency_id where t.agency_id = $1 and t.id = $2";
    BY_HASH = "select t.id, t.hash, t.name, t.version, t.kind, t.report, t.created_by, t.created_at, t.published_at, cast(case when a.theme = t.hash then 1 else 0 end as bigint) as is_current from themes t join agencies a on a.id = t.agency_id where t.agency_id = $1 and t.hash = $2";
    LIST = "select t.id, t.hash, t.name, t.version, t.kind, t.report, t.created_by, t.created_at, t.published_at, cast(case when a.theme = t.hash then 1 else 0 end as bigint) as is_current from themes t join agencies a on a.id = t.agency_id where t.agency_id = $1 and t.id < $2 order by t.id desc limit $3";
    PACKAGE = "select package from themes where agency_id = $1 and hash = $2";
    DRAFTS = "select count(*) as drafts from themes where agency_id = $1 and published_at is null";
    DELETE = "delete from themes where agency_id = $1 and id = $2 and published_at is null";
    OF_ASSET = "select t.hash from theme_assets s join themes t on t.agency_id = s.agency_id and t.id = s.theme_id where s.agency_id = $1 and s.path = $2 order by t.published_at desc limit 1";
}

/// Versions of an agency that were never published.
const MAX_DRAFTS: i64 = 20;

/// A version that passed the check.
#[derive(Clone, Copy, Debug)]
pub struct NewTheme<'a> {
    /// SHA-256 of the canonical package, in hex.
    pub hash: &'a str,
    pub name: &'a str,
    pub version: &'a str,
    pub kind: ThemeKind,
    /// The canonical zip.
    pub package: &'a [u8],
    pub report: &'a serde_json::Value,
}

impl Tx {
    /// Keeps a version as a draft. The same package again is the version that there is: false.
    ///
    /// # Errors
    /// A conflict `too_many_drafts`.
    pub async fn theme_add(
        &mut self,
        new: NewTheme<'_>,
        actor: &str,
    ) -> Result<(ThemeVersion, bool), ActionError> {
        self.take_turn().await?;
        if let Some(known) = self.theme_by_hash(new.hash).await? {
            return Ok((known, false));
        }
        let (agency, now) = (self.agency.clone(), self.now());
        let drafts = self.inner.optional(DRAFTS, args![&agency]).await?;
        if drafts.map_or(Ok(0), |row| row.int("drafts"))? >= MAX_DRAFTS {
            let message = format!(
                "an agency keeps {MAX_DRAFTS} drafts: delete one that is not needed any more"
            );
            return Err(ActionError::conflict("too_many_drafts", message));
        }
        let id: ThemeId = self.new_id();
        let report = new.report.to_string();
        let create = args![
            &agency,
            &id,
            new.hash,
            new.name,
            new.version,
            new.kind.as_str(),
            new.package,
            &report,
            actor,
            now
        ];
        self.inner.execute(CREATE, create).await?;
        self.record(NewEvent {
            kind: EventType::ThemeUploaded,
            actor,
            subject: id.as_str(),
            data: serde_json::json!({ "hash": new.hash, "name": new.name, "version": new.version }),
        })
        .await?;
        Ok((self.theme_existing(&id).await?, true))
    }

    pub async fn theme(&mut self, id: &ThemeId) -> Result<Option<ThemeVersion>, StoreError> {
        let agency = self.agency.clone();
        let row = self.inner.optional(ONE, args![&agency, id]).await?;
        row.as_ref().map(version).transpose()
    }

    pub async fn theme_by_hash(&mut self, hash: &str) -> Result<Option<ThemeVersion>, StoreError> {
        let agency = self.agency.clone();
        let row = self.inner.optional(BY_HASH, args![&agency, hash]).await?;
        row.as_ref().map(version).transpose()
    }

    pub(super) async fn theme_existing(
        &mut self,
        id: &ThemeId,
    ) -> Result<ThemeVersion, ActionError> {
        let found = self.theme(id).await?;
        found.ok_or(ActionError::NotFound("theme"))
    }

    /// Newest first.
    pub async fn themes(
        &mut self,
        page: &PageOf<ThemeId>,
    ) -> Result<Vec<ThemeVersion>, StoreError> {
        let agency = self.agency.clone();
        let after = before_id::<ThemeIdKind>(page.after.as_ref().map(ThemeId::as_str));
        let list = args![&agency, &after, page.limit];
        let rows = self.inner.all(LIST, list).await?;
        rows.iter().map(version).collect()
    }

    /// The canonical zip of the agency's version with this hash.
    pub async fn theme_package(&mut self, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let agency = self.agency.clone();
        let row = self.inner.optional(PACKAGE, args![&agency, hash]).await?;
        row.map(|row| row.bytes("package")).transpose()
    }

    /// The hash of the newest published version that has a file at this path, among those that are kept.
    pub async fn theme_of_asset(&mut self, path: &str) -> Result<Option<String>, StoreError> {
        let agency = self.agency.clone();
        let row = self.inner.optional(OF_ASSET, args![&agency, path]).await?;
        row.map(|row| row.text("hash")).transpose()
    }

    /// # Errors
    /// A conflict `theme_not_draft`: a version that was published is history.
    pub async fn theme_delete(
        &mut self,
        id: &ThemeId,
        actor: &str,
    ) -> Result<ThemeVersion, ActionError> {
        self.take_turn().await?;
        let found = self.theme_existing(id).await?;
        if found.published_at.is_some() {
            let message = "this version was published: only drafts can be deleted";
            return Err(ActionError::conflict("theme_not_draft", message));
        }
        self.record(NewEvent {
            kind: EventType::ThemeDeleted,
            actor,
            subject: id.as_str(),
            data: serde_json::json!({ "hash": found.hash }),
        })
        .await?;
        let agency = self.agency.clone();
        self.inner.execute(DELETE, args![&agency, id]).await?;
        Ok(found)
    }

    /// What a preview's address says, so that nobody can read or change it.
    pub async fn theme_ticket_seal(&mut self, ticket: &str) -> Result<Vec<u8>, StoreError> {
        self.seal(TICKET, &SecretString::from(ticket)).await
    }

    /// What [`Tx::theme_ticket_seal`] of the same agency sealed; an error for everything else.
    pub async fn theme_ticket_open(&mut self, sealed: &[u8]) -> Result<SecretString, StoreError> {
        self.open(TICKET, sealed).await
    }
}

const TICKET: Cell<'static> = Cell {
    scope: AGENCY_SCOPE,
    row: "themes",
    field: "preview",
};

fn version(row: &Row) -> Result<ThemeVersion, StoreError> {
    Ok(ThemeVersion {
        id: row.parsed("id")?,
        hash: row.text("hash")?,
        name: row.text("name")?,
        version: row.text("version")?,
        kind: row.parsed("kind")?,
        report: row.json("report")?,
        created_by: row.text("created_by")?,
        created_at: row.time("created_at")?,
        published_at: row.optional_time("published_at")?,
        current: row.flag("is_current")?,
    })
}
