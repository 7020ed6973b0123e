use secrecy::{ExposeSecret, SecretString};

use super::super::{
    StoreError, Tx,
    data_keys::{AGENCY_SCOPE, Cell},
    statement::{args, statements},
};
use crate::{ActionError, EventType, Member, MemberId, NewEvent, totp, values::Email};

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
        let (agency, now) = (self.agency.clone(), self.now());
        let row = self.inner.optional(FACTOR, args![&agency, id]).await?;
        let Some(row) = row.filter(|row| matches!(row.optional_time("totp_since"), Ok(Some(_))))
        else {
            return Ok(false);
        };
        if let Some(sealed) = row.optional_bytes("totp_secret")? {
            let secret = self.open(cell(id, "totp"), &sealed).await?;
            if let Some(step) = totp::matching_step(&secret, code, now, row.int("totp_step")?) {
                let used = self
                    .inner
                    .execute(USE_STEP, args![&agency, id, step])
                    .await?;
                return Ok(used == 1);
            }
        }
        match row.optional_bytes("backup_codes")? {
            Some(sealed) => self.backup_code_take(id, &sealed, code).await,
            None => Ok(false),
        }
    }

    /// Takes the second factor away.
    ///
    /// # Errors
    /// Not found: there was none.
    pub async fn totp_remove(&mut self, member: &Member) -> Result<(), ActionError> {
        self.take_turn().await?;
        let agency = self.agency.clone();
        let removed = self
            .inner
            .execute(REMOVE, args![&agency, &member.id])
            .await?;
        if removed == 0 {
            return Err(ActionError::NotFound("second factor"));
        }
        self.factor_event(EventType::TotpRemoved, member, serde_json::json!({}))
            .await?;
        Ok(())
    }

    async fn backup_code_take(
        &mut self,
        id: &MemberId,
        sealed: &[u8],
        code: &str,
    ) -> Result<bool, StoreError> {
        let kept = self.open(cell(id, "backup_codes"), sealed).await?;
        let mut codes: Vec<String> = serde_json::from_str(kept.expose_secret())
            .map_err(|_| StoreError::corrupt("backup_codes", "not a list"))?;
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

fn cell<'a>(id: &'a MemberId, field: &'a str) -> Cell<'a> {
    Cell {
        scope: AGENCY_SCOPE,
        row: id.as_str(),
        field,
    }
}
