use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::super::{
    NewMail, PlatformTx, StoreError, Tx,
    conn::Row,
    statement::{args, statements},
};
use crate::{
    MailKind, Member,
    secret::{SIGN_IN_PREFIX, new_secret, secret_hash},
    values::Email,
};

statements! {
    CREATE = "insert into sign_ins (hash, agency_id, email, host, link_hash, code_hash, wrong_codes, created_at, expires_at) values ($2, $1, $3, $4, $5, $6, 0, $7, $8)";
    BY_HASH = "select * from sign_ins where agency_id = $1 and hash = $2 and used_at is null and expires_at > $3";
    BY_LINK = "select * from sign_ins where agency_id = $1 and link_hash = $2 and host = $3 and used_at is null and expires_at > $4";
    WRONG = "update sign_ins set wrong_codes = wrong_codes + 1 where agency_id = $1 and hash = $2";
    USE = "update sign_ins set used_at = $3 where agency_id = $1 and hash = $2 and used_at is null";
    DROP_OLD = "delete from sign_ins where expires_at < $1";
}

/// How long the link and the code of a mail sign in.
pub const SIGN_IN_LIFETIME: Duration = Duration::from_mins(15);
/// After so many wrong codes a try is over: six digits are not many.
const WRONG_CODES: i64 = 5;

/// What the mail carries. Kept sealed until it is out.
#[derive(Serialize, Deserialize)]
pub struct SignInSecrets {
    pub link: String,
    pub code: String,
}

/// What a typed code came to.
#[derive(Debug, PartialEq, Eq)]
pub enum CodeOutcome {
    Right(Box<Member>),
    Wrong,
    /// Too late, too many wrong ones, used, or never begun in this browser.
    Ended,
}

impl Tx {
    /// Begins a try to sign in by mail, whether anybody has the address or not: the mail's job finds that out. The answer
    /// is for the cookie of the browser that asked, where alone the code works.
    pub async fn sign_in_begin(
        &mut self,
        email: &Email,
        host: &str,
    ) -> Result<SecretString, StoreError> {
        let entropy = self.entropy();
        let attempt = SecretString::from(entropy.token());
        let secrets = SignInSecrets {
            link: new_secret(SIGN_IN_PREFIX, &*entropy)
                .expose_secret()
                .to_owned(),
            code: six_digits(u64::from_le_bytes(entropy.bytes())),
        };
        let (agency, now) = (self.agency.clone(), self.now());
        self.inner
            .execute(
                CREATE,
                args![
                    &agency,
                    &secret_hash(&attempt),
                    email,
                    host,
                    &secret_hash(&SecretString::from(secrets.link.as_str())),
                    &code_hash(&attempt, &secrets.code),
                    now,
                    now.plus(SIGN_IN_LIFETIME)
                ],
            )
            .await?;
        let secret = serde_json::json!(secrets).to_string();
        self.mail_enqueue(NewMail {
            kind: MailKind::SignIn,
            request_id: None,
            recipient: email,
            secret: Some((None, &SecretString::from(secret))),
            data: serde_json::json!({ "host": host, "expires_at": now.plus(SIGN_IN_LIFETIME).micros() }),
        })
        .await?;
        Ok(attempt)
    }

    /// The address that was typed in the browser that asked.
    pub async fn sign_in_email(
        &mut self,
        attempt: &SecretString,
    ) -> Result<Option<Email>, StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let hash = secret_hash(attempt);
        let row = self
            .inner
            .optional(BY_HASH, args![&agency, &hash, now])
            .await?;
        row.map(|row| row.parsed("email")).transpose()
    }

    /// Whose sign-in a link would confirm. Spends nothing: mail scanners open every link.
    pub async fn sign_in_of_link(
        &mut self,
        link: &SecretString,
        host: &str,
    ) -> Result<Option<Member>, StoreError> {
        match self.sign_in_by_link(link, host).await? {
            Some(row) => self.member_by_email(&row.parsed("email")?).await,
            None => Ok(None),
        }
    }

    /// Takes the link, once.
    pub async fn sign_in_take_link(
        &mut self,
        link: &SecretString,
        host: &str,
    ) -> Result<Option<Member>, StoreError> {
        self.take_turn().await?;
        match self.sign_in_by_link(link, host).await? {
            Some(row) => self.sign_in_use(&row).await,
            None => Ok(None),
        }
    }

    /// Takes the code, once; a wrong one counts. Commit in every case.
    pub async fn sign_in_take_code(
        &mut self,
        attempt: &SecretString,
        code: &str,
        host: &str,
    ) -> Result<CodeOutcome, StoreError> {
        self.take_turn().await?;
        let (agency, now) = (self.agency.clone(), self.now());
        let hash = secret_hash(attempt);
        let row = self
            .inner
            .optional(BY_HASH, args![&agency, &hash, now])
            .await?;
        let Some(row) = row else {
            return Ok(CodeOutcome::Ended);
        };
        if row.text("host")? != host || row.int("wrong_codes")? >= WRONG_CODES {
            return Ok(CodeOutcome::Ended);
        }
        if row.bytes("code_hash")? != code_hash(attempt, code) {
            self.inner.execute(WRONG, args![&agency, &hash]).await?;
            return Ok(CodeOutcome::Wrong);
        }
        let member = self.sign_in_use(&row).await?;
        Ok(member.map_or(CodeOutcome::Ended, |member| {
            CodeOutcome::Right(Box::new(member))
        }))
    }

    async fn sign_in_by_link(
        &mut self,
        link: &SecretString,
        host: &str,
    ) -> Result<Option<Row>, StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        self.inner
            .optional(BY_LINK, args![&agency, &secret_hash(link), host, now])
            .await
    }

    async fn sign_in_use(&mut self, row: &Row) -> Result<Option<Member>, StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let used = self
            .inner
            .execute(USE, args![&agency, &row.bytes("hash")?, now])
            .await?;
        if used == 0 {
            return Ok(None);
        }
        self.member_by_email(&row.parsed("email")?).await
    }
}

impl PlatformTx {
    /// Forgets tries that have ended.
    pub async fn sign_ins_drop_ended(&mut self) -> Result<u64, StoreError> {
        let now = self.now();
        self.inner.execute(DROP_OLD, args![now]).await
    }
}

/// With the browser's secret in it, so that whoever reads the table cannot try a million codes.
fn code_hash(attempt: &SecretString, code: &str) -> Vec<u8> {
    secret_hash(&SecretString::from(format!(
        "{}.{code}",
        attempt.expose_secret()
    )))
}

fn six_digits(random: u64) -> String {
    format!("{:06}", random % 1_000_000)
}
