use std::time::Duration;

use secrecy::SecretString;

use super::{
    super::{
        NewMail, PlatformTx, StoreError, Tx,
        conn::Row,
        statement::{args, statements},
    },
    members::member,
};
use crate::{
    ActionError, EventType, MailKind, Member, MemberId, NewEvent, Role, SessionId, Timestamp,
    secret::secret_hash, text_enum,
};

statements! {
    START = "insert into sessions (hash, id, agency_id, member_id, host, method, stage, browser, created_at, last_seen_at, expires_at) values ($2, $3, $1, $4, $5, $6, $7, $8, $9, $9, $10)";
    ONE = "select m.*, s.id as session_id, s.hash as session_hash, s.host, s.method, s.stage, s.browser, s.created_at as session_created_at, s.last_seen_at, s.expires_at, a.require_totp from sessions s join members m on m.agency_id = s.agency_id and m.id = s.member_id join agencies a on a.id = s.agency_id where s.agency_id = $1 and s.hash = $2";
    OF_MEMBER = "select m.*, s.id as session_id, s.hash as session_hash, s.host, s.method, s.stage, s.browser, s.created_at as session_created_at, s.last_seen_at, s.expires_at, a.require_totp from sessions s join members m on m.agency_id = s.agency_id and m.id = s.member_id join agencies a on a.id = s.agency_id where s.agency_id = $1 and s.member_id = $2 order by s.last_seen_at desc, s.id desc";
    TOUCH = "update sessions set last_seen_at = $3 where agency_id = $1 and hash = $2 and last_seen_at < $3";
    END = "delete from sessions where agency_id = $1 and member_id = $2 and id = $3";
    END_OTHERS = "delete from sessions where agency_id = $1 and member_id = $2 and id <> $3";
    DROP_OLD = "delete from sessions where expires_at < $1";
    DEVICES = "select hash from devices where agency_id = $1 and member_id = $2 order by created_at desc limit 50";
    ADD_DEVICE = "insert into devices (agency_id, member_id, hash, created_at) values ($1, $2, $3, $4)";
}

/// `last_seen_at` is written at most this often, so that a page view costs no write.
const TOUCH_EVERY: Duration = Duration::from_mins(5);

text_enum! {
    /// How somebody proved who they are.
    SignInMethod { Mail = "mail", Invitation = "invitation", Password = "password", Passkey = "passkey", Oidc = "oidc" }
}

text_enum! {
    /// `SecondFactor`: a code is still to come, and nothing else is open.
    SessionStage { Full = "full", SecondFactor = "second_factor" }
}

/// A browser in which a person is signed in, on one host of the agency.
#[derive(Clone, Debug)]
pub struct Session {
    pub id: SessionId,
    pub hash: Vec<u8>,
    pub member: Member,
    pub host: String,
    pub method: SignInMethod,
    pub stage: SessionStage,
    /// Browser and system, as the browser names them.
    pub browser: String,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
    pub expires_at: Timestamp,
    /// The agency wants a second factor of its staff and this person has none.
    pub must_enrol: bool,
    /// A write is due: see [`Tx::session_touch`].
    pub touch_due: bool,
}

pub struct NewSession<'a> {
    pub member: &'a Member,
    pub host: &'a str,
    pub method: SignInMethod,
    pub browser: &'a str,
    /// What the browser showed of an earlier sign-in.
    pub device: Option<&'a SecretString>,
    /// A code was asked for and given.
    pub second_factor: bool,
}

/// For the cookies of the browser.
pub struct Started {
    pub secret: SecretString,
    pub device: SecretString,
    pub stage: SessionStage,
    pub lifetime: Duration,
}

/// How long a session lasts: without a request, and in any case.
const fn lifetimes(role: Role) -> (Duration, Duration) {
    match role {
        Role::Client => (Duration::from_hours(7 * 24), Duration::from_hours(30 * 24)),
        Role::Owner | Role::Admin | Role::Member => {
            (Duration::from_hours(12), Duration::from_hours(7 * 24))
        }
    }
}

impl Tx {
    /// A session of its own id for whoever has just proven who they are. A browser that the person never used before is
    /// told to them by mail.
    pub async fn session_start(&mut self, new: NewSession<'_>) -> Result<Started, StoreError> {
        self.take_turn().await?;
        let secret = SecretString::from(self.entropy().token());
        let id: SessionId = self.new_id();
        let (agency, now) = (self.agency.clone(), self.now());
        let waits = new.member.has_totp
            && !new.second_factor
            && !matches!(new.method, SignInMethod::Passkey);
        let (stage, (_, lifetime)) = if waits {
            let quarter = Duration::from_mins(15);
            (SessionStage::SecondFactor, (quarter, quarter))
        } else {
            (SessionStage::Full, lifetimes(new.member.role))
        };
        self.inner
            .execute(
                START,
                args![
                    &agency,
                    &secret_hash(&secret),
                    &id,
                    &new.member.id,
                    new.host,
                    new.method.as_str(),
                    stage.as_str(),
                    new.browser,
                    now,
                    now.plus(lifetime)
                ],
            )
            .await?;
        let device = match new.device.filter(|_| stage == SessionStage::SecondFactor) {
            Some(shown) => shown.clone(),
            None if stage == SessionStage::SecondFactor => {
                SecretString::from(self.entropy().token())
            }
            None => self.device_seen(&new).await?,
        };
        if stage == SessionStage::Full {
            self.connections_adopt(new.member).await?;
            let data = serde_json::json!({ "member_id": new.member.id, "method": new.method });
            self.record(NewEvent {
                kind: EventType::SessionStarted,
                actor: &new.member.actor(),
                subject: id.as_str(),
                data,
            })
            .await?;
        }
        Ok(Started {
            secret,
            device,
            stage,
            lifetime,
        })
    }

    /// The living session behind a cookie, whatever its stage. Its host is for the caller to compare.
    pub async fn session(&mut self, secret: &SecretString) -> Result<Option<Session>, StoreError> {
        let (found, now) = (self.session_kept(secret).await?, self.now());
        Ok(found.filter(|session| session.lives(now)))
    }

    /// Since when the session behind a cookie is over, if it ended by time and is still remembered.
    pub async fn session_over(
        &mut self,
        secret: &SecretString,
    ) -> Result<Option<Timestamp>, StoreError> {
        let (found, now) = (self.session_kept(secret).await?, self.now());
        let over = found.filter(|one| one.stage == SessionStage::Full && !one.lives(now));
        Ok(over.map(|session| session.ends_at()))
    }

    async fn session_kept(&mut self, secret: &SecretString) -> Result<Option<Session>, StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let row = self
            .inner
            .optional(ONE, args![&agency, &secret_hash(secret)])
            .await?;
        row.map(|row| session(&row, now)).transpose()
    }

    /// The living sessions of a person, last used first.
    pub async fn sessions_of(&mut self, member: &MemberId) -> Result<Vec<Session>, StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let rows = self.inner.all(OF_MEMBER, args![&agency, member]).await?;
        let mut sessions = Vec::with_capacity(rows.len());
        for row in &rows {
            sessions.push(session(row, now)?);
        }
        sessions.retain(|session| session.lives(now) && session.stage == SessionStage::Full);
        Ok(sessions)
    }

    pub async fn session_touch(&mut self, session: &Session) -> Result<(), StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        self.inner
            .execute(TOUCH, args![&agency, &session.hash, now])
            .await?;
        Ok(())
    }

    /// Ends one session of this person.
    pub async fn session_end(
        &mut self,
        member: &MemberId,
        id: &SessionId,
        actor: &str,
    ) -> Result<(), ActionError> {
        self.take_turn().await?;
        let agency = self.agency.clone();
        let ended = self.inner.execute(END, args![&agency, member, id]).await?;
        if ended == 0 {
            return Err(ActionError::NotFound("session"));
        }
        self.session_ended(id.as_str(), actor, false).await?;
        Ok(())
    }

    /// Ends every session of this person but one.
    pub async fn sessions_end_others(
        &mut self,
        member: &MemberId,
        kept: &SessionId,
        actor: &str,
    ) -> Result<u64, StoreError> {
        self.take_turn().await?;
        let agency = self.agency.clone();
        let ended = self
            .inner
            .execute(END_OTHERS, args![&agency, member, kept])
            .await?;
        if ended > 0 {
            self.session_ended(member.as_str(), actor, true).await?;
        }
        Ok(ended)
    }

    async fn session_ended(
        &mut self,
        subject: &str,
        actor: &str,
        others: bool,
    ) -> Result<(), StoreError> {
        let data = serde_json::json!({ "others": others });
        self.record(NewEvent {
            kind: EventType::SessionEnded,
            actor,
            subject,
            data,
        })
        .await?;
        Ok(())
    }

    async fn device_seen(&mut self, new: &NewSession<'_>) -> Result<SecretString, StoreError> {
        let agency = self.agency.clone();
        let rows = self
            .inner
            .all(DEVICES, args![&agency, &new.member.id])
            .await?;
        if let Some(device) = new.device {
            let hash = secret_hash(device);
            for row in &rows {
                if row.bytes("hash")? == hash {
                    return Ok(device.clone());
                }
            }
        }
        let (device, now) = (SecretString::from(self.entropy().token()), self.now());
        self.inner
            .execute(
                ADD_DEVICE,
                args![&agency, &new.member.id, &secret_hash(&device), now],
            )
            .await?;
        if !rows.is_empty() {
            let data = serde_json::json!({
                "member_id": new.member.id, "browser": new.browser, "host": new.host, "at": now.micros()
            });
            self.mail_enqueue(NewMail {
                kind: MailKind::NewDevice,
                request_id: None,
                recipient: &new.member.email,
                secret: None,
                data,
            })
            .await?;
        }
        Ok(device)
    }
}

impl PlatformTx {
    /// Forgets sessions that have ended.
    pub async fn sessions_drop_ended(&mut self) -> Result<u64, StoreError> {
        let now = self.now();
        self.inner.execute(DROP_OLD, args![now]).await
    }
}

impl Session {
    fn lives(&self, now: Timestamp) -> bool {
        now < self.ends_at()
    }

    fn ends_at(&self) -> Timestamp {
        let (idle, _) = lifetimes(self.member.role);
        self.expires_at.min(self.last_seen_at.plus(idle))
    }
}

fn session(row: &Row, now: Timestamp) -> Result<Session, StoreError> {
    let member = member(row)?;
    let method = row.parsed("method")?;
    let last_seen_at = row.time("last_seen_at")?;
    let required = row.flag("require_totp")? && member.role.is_staff();
    Ok(Session {
        id: row.parsed("session_id")?,
        hash: row.bytes("session_hash")?,
        host: row.text("host")?,
        must_enrol: required && !member.has_totp && method != SignInMethod::Passkey,
        method,
        stage: row.parsed("stage")?,
        browser: row.text("browser")?,
        created_at: row.time("session_created_at")?,
        last_seen_at,
        expires_at: row.time("expires_at")?,
        touch_due: now >= last_seen_at.plus(TOUCH_EVERY),
        member,
    })
}
