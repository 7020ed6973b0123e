use secrecy::{ExposeSecret, SecretString};

use super::super::{
    StoreError, Tx,
    conn::Row,
    data_keys::{AGENCY_SCOPE, Cell},
    statement::{args, statements},
};
use crate::{
    ActionError, EventType, Member, MemberId, NewEvent, Role, person::check_second_step_reset,
    totp, values::Email,
};

statements! {
    PASSWORD_OF = "select id, password from members where agency_id = $1 and lower(email) = lower($2)";
    SET_PASSWORD = "update members set password = $3 where agency_id = $1 and id = $2";
    FACTOR = "select totp_secret, totp_since, totp_step, backup_codes from members where agency_id = $1 and id = $2";
    PROPOSE = "update members set totp_secret = $3, totp_since = null, totp_step = 0, backup_codes = null where agency_id = $1 and id = $2 and totp_since is null";
    CONFIRM = "update members set totp_since = $3, totp_step = $4, backup_codes = $5 where agency_id = $1 and id = $2";
    USE_STEP = "update members set totp_step = $3 where agency_id = $1 and id = $2 and totp_step < $3";
    KEEP_CODES = "update members set backup_codes = $3 where agency_id = $1 and id = $2";
    REMOVE = "update members set totp_secret = null, totp_since = null, totp_step = 0, backup_codes = null where agency_id = $1 and id = $2 and totp_since is not null";
}

const BACKUP_CODES: usize = 10;

impl Tx {
    /// The hash of the password of whoever has this address. The same statement, whoever has it.
    pub async fn password_of(&mut self, email: &Email) -> Result<Option<String>, StoreError> {
        let agency = self.agency.clone();
        let row = self
            .inner
            .optional(PASSWORD_OF, args![&agency, email])
            .await?;
        Ok(row
            .map(|row| row.optional_text("password"))
            .transpose()?
            .flatten())
    }

    /// `hash` as [`crate::password::hash`] makes it; none takes the password away.
    pub async fn password_set(
        &mut self,
        member: &Member,
        hash: Option<&str>,
    ) -> Result<(), StoreError> {
        self.take_turn().await?;
        let agency = self.agency.clone();
        self.inner
            .execute(SET_PASSWORD, args![&agency, &member.id, hash])
            .await?;
        let data = serde_json::json!({ "set": hash.is_some() });
        self.factor_event(EventType::PasswordChanged, member, data)
            .await
    }

    /// A secret for the person's authenticator app: the one that waits to be proven, or a new one. None: one is proven
    /// already.
    pub async fn totp_propose(
        &mut self,
        id: &MemberId,
    ) -> Result<Option<SecretString>, StoreError> {
        self.take_turn().await?;
        let agency = self.agency.clone();
        let Some(row) = self.inner.optional(FACTOR, args![&agency, id]).await? else {
            return Ok(None);
        };
        if row.optional_time("totp_since")?.is_some() {
            return Ok(None);
        }
        if let Some(sealed) = row.optional_bytes("totp_secret")? {
            return self.open(cell(id, "totp"), &sealed).await.map(Some);
        }
        let secret = totp::new_secret(&*self.entropy());
        let sealed = self.seal(cell(id, "totp"), &secret).await?;
        self.inner
            .execute(PROPOSE, args![&agency, id, &sealed])
            .await?;
        Ok(Some(secret))
    }

    /// A right code proves the app. The answer: backup codes, to be shown once. None: the code is wrong, or one is proven
    /// already.
    pub async fn totp_confirm(
        &mut self,
        member: &Member,
        code: &str,
    ) -> Result<Option<Vec<String>>, StoreError> {
        self.take_turn().await?;
        let (agency, now, id) = (self.agency.clone(), self.now(), &member.id);
        let row = self.inner.optional(FACTOR, args![&agency, id]).await?;
        let Some(row) = row.filter(|row| matches!(row.optional_time("totp_since"), Ok(None)))
        else {
            return Ok(None);
        };
        let Some(sealed) = row.optional_bytes("totp_secret")? else {
            return Ok(None);
        };
        let secret = self.open(cell(id, "totp"), &sealed).await?;
        let Some(step) = totp::matching_step(&secret, code, now, 0) else {
            return Ok(None);
        };
        let codes = self.backup_codes();
        let sealed = self.seal_codes(id, &codes).await?;
        self.inner
            .execute(CONFIRM, args![&agency, id, now, step, &sealed])
            .await?;
        self.factor_event(EventType::TotpEnrolled, member, serde_json::json!({}))
            .await?;
        Ok(Some(codes))
    }

    /// Whether a code of the app, or a backup code, is right. Each works once.
    pub async fn second_factor_take(
        &mut self,
        id: &MemberId,
        code: &str,
    ) -> Result<bool, StoreError> {
        self.take_turn().await?;
        let agency = self.agency.clone();
        let row = self.inner.optional(FACTOR, args![&agency, id]).await?;
        let Some(row) = row.filter(is_proven) else {
            return Ok(false);
        };
        if self.app_code_take(id, &row, code).await? {
            return Ok(true);
        }
        match row.optional_bytes("backup_codes")? {
            Some(sealed) => self.backup_code_take(id, &sealed, code).await,
            None => Ok(false),
        }
    }

    /// How many backup codes still work.
    pub async fn backup_codes_left(&mut self, id: &MemberId) -> Result<usize, StoreError> {
        let agency = self.agency.clone();
        let row = self.inner.optional(FACTOR, args![&agency, id]).await?;
        let sealed = row.map(|row| row.optional_bytes("backup_codes"));
        match sealed.transpose()?.flatten() {
            Some(sealed) => Ok(self.open_codes(id, &sealed).await?.len()),
            None => Ok(0),
        }
    }

    /// New backup codes in place of the old ones, for a code of the app. None: the code is wrong, or no app is proven.
    pub async fn backup_codes_renew(
        &mut self,
        member: &Member,
        code: &str,
    ) -> Result<Option<Vec<String>>, StoreError> {
        self.take_turn().await?;
        let (agency, id) = (self.agency.clone(), &member.id);
        let row = self.inner.optional(FACTOR, args![&agency, id]).await?;
        let Some(row) = row.filter(is_proven) else {
            return Ok(None);
        };
        if !self.app_code_take(id, &row, code).await? {
            return Ok(None);
        }
        let codes = self.backup_codes();
        let sealed = self.seal_codes(id, &codes).await?;
        self.inner
            .execute(KEEP_CODES, args![&agency, id, &sealed])
            .await?;
        let kind = EventType::BackupCodesRenewed;
        self.factor_event(kind, member, serde_json::json!({}))
            .await?;
        Ok(Some(codes))
    }

    /// Takes the second factor of another person away, who lost it.
    ///
    /// # Errors
    /// What [`check_second_step_reset`] says; it is one's own; not found: there was none.
    pub async fn totp_reset(
        &mut self,
        id: &MemberId,
        by: Role,
        actor: &str,
    ) -> Result<(), ActionError> {
        self.take_turn().await?;
        let member = self.member_existing(id).await?;
        if member.actor() == actor {
            return Err(ActionError::conflict(
                "own_second_step",
                "remove your own second step on your account's page, with a code of it",
            ));
        }
        check_second_step_reset(by, member.role)?;
        self.totp_forget(id).await?;
        self.record(NewEvent {
            kind: EventType::TotpReset,
            actor,
            subject: id.as_str(),
            data: serde_json::json!({}),
        })
        .await?;
        Ok(())
    }

    /// Takes the second factor away.
    ///
    /// # Errors
    /// Not found: there was none.
    pub async fn totp_remove(&mut self, member: &Member) -> Result<(), ActionError> {
        self.take_turn().await?;
        self.totp_forget(&member.id).await?;
        self.factor_event(EventType::TotpRemoved, member, serde_json::json!({}))
            .await?;
        Ok(())
    }

    async fn totp_forget(&mut self, id: &MemberId) -> Result<(), ActionError> {
        let agency = self.agency.clone();
        match self.inner.execute(REMOVE, args![&agency, id]).await? {
            0 => Err(ActionError::NotFound("second factor")),
            _ => Ok(()),
        }
    }

    /// Whether it is a code of the app, which then is used.
    async fn app_code_take(
        &mut self,
        id: &MemberId,
        row: &Row,
        code: &str,
    ) -> Result<bool, StoreError> {
        let Some(sealed) = row.optional_bytes("totp_secret")? else {
            return Ok(false);
        };
        let secret = self.open(cell(id, "totp"), &sealed).await?;
        let used = row.int("totp_step")?;
        let Some(step) = totp::matching_step(&secret, code, self.now(), used) else {
            return Ok(false);
        };
        let agency = self.agency.clone();
        let used = self
            .inner
            .execute(USE_STEP, args![&agency, id, step])
            .await?;
        Ok(used == 1)
    }

    async fn backup_code_take(
        &mut self,
        id: &MemberId,
        sealed: &[u8],
        code: &str,
    ) -> Result<bool, StoreError> {
        let mut codes = self.open_codes(id, sealed).await?;
        let shown: String = code
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|letter| letter.to_ascii_lowercase())
            .collect();
        let before = codes.len();
        codes.retain(|code| code.replace('-', "") != shown);
        if codes.len() == before {
            return Ok(false);
        }
        let (agency, sealed) = (self.agency.clone(), self.seal_codes(id, &codes).await?);
        self.inner
            .execute(KEEP_CODES, args![&agency, id, &sealed])
            .await?;
        Ok(true)
    }

    /// 80 random bits each, in four groups that can be copied by hand.
    fn backup_codes(&self) -> Vec<String> {
        let one = || {
            let text = totp::base32(&self.entropy().bytes::<10>()).to_ascii_lowercase();
            let groups: Vec<&str> = [0, 4, 8, 12].iter().map(|at| &text[*at..at + 4]).collect();
            groups.join("-")
        };
        (0..BACKUP_CODES).map(|_| one()).collect()
    }

    async fn seal_codes(&mut self, id: &MemberId, codes: &[String]) -> Result<Vec<u8>, StoreError> {
        let text = SecretString::from(serde_json::json!(codes).to_string());
        self.seal(cell(id, "backup_codes"), &text).await
    }

    async fn open_codes(
        &mut self,
        id: &MemberId,
        sealed: &[u8],
    ) -> Result<Vec<String>, StoreError> {
        let kept = self.open(cell(id, "backup_codes"), sealed).await?;
        serde_json::from_str(kept.expose_secret())
            .map_err(|_| StoreError::corrupt("backup_codes", "not a list"))
    }

    async fn factor_event(
        &mut self,
        kind: EventType,
        member: &Member,
        data: serde_json::Value,
    ) -> Result<(), StoreError> {
        self.record(NewEvent {
            kind,
            actor: &member.actor(),
            subject: member.id.as_str(),
            data,
        })
        .await?;
        Ok(())
    }
}

fn is_proven(row: &Row) -> bool {
    matches!(row.optional_time("totp_since"), Ok(Some(_)))
}

fn cell<'a>(id: &'a MemberId, field: &'a str) -> Cell<'a> {
    Cell {
        scope: AGENCY_SCOPE,
        row: id.as_str(),
        field,
    }
}
