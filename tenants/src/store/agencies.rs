use super::{
    PlatformTx, Store, StoreError, Tx,
    conn::Row,
    data_keys::AGENCY_SCOPE,
    statement::{args, statements},
};
use crate::{
    ActionError, Agency, AgencyId, AgencyStatus, EventType, MemberId, NewAgency, NewEvent,
    PREVIEW_SLUG, Role,
    values::{Email, Language, Name, Slug},
};

statements! {
    CREATE = "insert into agencies (id, slug, name, support_email, brand_color, locale, time_zone, status, event_seq, event_hash, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10)";
    CREATE_MEMBER = "insert into members (id, agency_id, email, name, role, created_at) values ($2, $1, $3, $4, $5, $6)";
    ITSELF = "select * from agencies where id = $1";
    OWNER = "select email from members where agency_id = $1 and role = 'owner'";
    BY_SLUG = "select * from agencies where slug = $1";
    EVERY = "select * from agencies where slug <> 'preview' order by slug";
    SET_STATUS = "update agencies set status = $2, version = $3 where id = $1";
    SET_BRAND = "update agencies set name = $2, support_email = $3, brand_color = $4, version = $5 where id = $1";
    SET_PROFILE = "update agencies set name = $2, support_email = $3, locale = $4, time_zone = $5, version = $6 where id = $1";
    SET_REQUIRE_TOTP = "update agencies set require_totp = $2 where id = $1";
    SET_VERSION = "update agencies set version = $2 where id = $1";
}

/// What an agency says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgencyProfile {
    pub name: Name,
    pub support_email: Option<Email>,
    /// Of pages and mails where nobody asked for another.
    pub locale: Language,
    /// By its name in the tz database.
    pub time_zone: String,
}

impl Store {
    /// Makes an agency, its owner and its key for its own secrets.
    ///
    /// # Errors
    /// A conflict `slug_taken`.
    #[expect(
        clippy::too_many_lines,
        reason = "one step after the other, in one transaction"
    )]
    pub async fn agency_create(&self, new: NewAgency) -> Result<Agency, ActionError> {
        let id = AgencyId::new(&*self.tools.clock, &*self.tools.entropy);
        if new.slug.as_str() == PREVIEW_SLUG {
            let message =
                format!("the slug `{PREVIEW_SLUG}` is the installation's: choose another");
            return Err(ActionError::conflict("slug_taken", message));
        }
        let mut tx = self.begin(&id).await?;
        let now = tx.now();
        let no_hash: &[u8] = &[];
        let created = tx
            .inner
            .execute(
                CREATE,
                args![
                    &id,
                    &new.slug,
                    &new.name,
                    new.support_email.as_ref(),
                    &new.brand_color,
                    "en",
                    "UTC",
                    AgencyStatus::Active.as_str(),
                    no_hash,
                    now
                ],
            )
            .await;
        match created {
            Err(error) if error.is_conflict() => {
                let message = format!("the slug `{}` is taken: choose another", new.slug);
                return Err(ActionError::conflict("slug_taken", message));
            }
            other => other?,
        };
        let owner: MemberId = tx.new_id();
        tx.inner
            .execute(
                CREATE_MEMBER,
                args![
                    &id,
                    &owner,
                    &new.owner_email,
                    None::<&str>,
                    Role::Owner.as_str(),
                    now
                ],
            )
            .await?;
        tx.create_data_key(AGENCY_SCOPE).await?;
        tx.record(NewEvent {
            kind: EventType::AgencyCreated,
            actor: "operator",
            subject: id.as_str(),
            data: serde_json::json!({ "slug": new.slug }),
        })
        .await?;
        tx.agency_changed().await?;
        let agency = tx.agency_itself().await?;
        tx.commit().await?;
        Ok(agency)
    }
}

impl Store {
    /// Lets edges route and certify the host of previews. Does nothing where it was done before.
    pub async fn preview_host_add(&self) -> Result<(), StoreError> {
        #[expect(clippy::expect_used, reason = "a constant that a test parses")]
        let slug: Slug = PREVIEW_SLUG.parse().expect("a slug");
        let known = self.read_platform().await?.agency_by_slug(&slug).await?;
        if known.is_some() {
            return Ok(());
        }
        let id = AgencyId::new(&*self.tools.clock, &*self.tools.entropy);
        let mut tx = self.begin(&id).await?;
        let now = tx.now();
        let no_hash: &[u8] = &[];
        let row = args![
            &id,
            &slug,
            "Preview",
            None::<&str>,
            "#4a5568",
            "en",
            "UTC",
            AgencyStatus::Active.as_str(),
            no_hash,
            now
        ];
        match tx.inner.execute(CREATE, row).await {
            // Another process was first.
            Err(error) if error.is_conflict() => return Ok(()),
            other => other?,
        };
        tx.agency_changed().await?;
        tx.commit().await
    }
}

impl Tx {
    pub async fn agency_itself(&mut self) -> Result<Agency, StoreError> {
        let id = self.agency.clone();
        let row = self.inner.optional(ITSELF, args![&id]).await?;
        agency(&row.ok_or_else(|| StoreError::corrupt("agencies", "the agency is gone"))?)
    }

    /// Where mail to the agency itself goes: its support address, else its owner.
    pub async fn agency_contact(&mut self) -> Result<Option<Email>, StoreError> {
        if let Some(support) = self.agency_itself().await?.support_email {
            return Ok(Some(support));
        }
        let id = self.agency.clone();
        let row = self.inner.optional(OWNER, args![&id]).await?;
        row.map(|row| row.parsed("email")).transpose()
    }

    /// Its name, colour and support address.
    pub async fn agency_set_brand(
        &mut self,
        agency: &Agency,
        actor: &str,
    ) -> Result<(), StoreError> {
        self.take_turn().await?;
        let id = self.agency.clone();
        self.record(NewEvent {
            kind: EventType::AgencyChanged,
            actor,
            subject: id.as_str(),
            data: serde_json::json!({
                "name": agency.name, "brand_color": agency.brand_color, "support_email": agency.support_email,
            }),
        })
        .await?;
        let version = self.inner.next_version().await?;
        self.inner
            .execute(
                SET_BRAND,
                args![
                    &id,
                    &agency.name,
                    agency.support_email.as_ref(),
                    &agency.brand_color,
                    version
                ],
            )
            .await?;
        Ok(())
    }

    pub async fn agency_set_profile(
        &mut self,
        profile: &AgencyProfile,
        actor: &str,
    ) -> Result<(), StoreError> {
        self.take_turn().await?;
        let id = self.agency.clone();
        let version = self.inner.next_version().await?;
        self.inner
            .execute(
                SET_PROFILE,
                args![
                    &id,
                    &profile.name,
                    profile.support_email.as_ref(),
                    &profile.locale,
                    &profile.time_zone,
                    version
                ],
            )
            .await?;
        self.record(NewEvent {
            kind: EventType::AgencyChanged,
            actor,
            subject: id.as_str(),
            data: serde_json::json!({
                "name": profile.name, "locale": profile.locale, "time_zone": profile.time_zone
            }),
        })
        .await?;
        Ok(())
    }

    /// Whether staff without a second factor are let in. Holds for those who are signed in, too.
    pub async fn agency_require_totp(
        &mut self,
        required: bool,
        actor: &str,
    ) -> Result<(), StoreError> {
        self.take_turn().await?;
        let id = self.agency.clone();
        self.inner
            .execute(SET_REQUIRE_TOTP, args![&id, required])
            .await?;
        self.record(NewEvent {
            kind: EventType::TotpRequired,
            actor,
            subject: id.as_str(),
            data: serde_json::json!({ "required": required }),
        })
        .await?;
        Ok(())
    }

    /// Something of it changed that edges must notice. Its turn is taken before.
    pub(super) async fn agency_changed(&mut self) -> Result<(), StoreError> {
        let id = self.agency.clone();
        let version = self.inner.next_version().await?;
        self.inner.execute(SET_VERSION, args![&id, version]).await?;
        Ok(())
    }

    pub async fn agency_set_status(&mut self, status: AgencyStatus) -> Result<(), StoreError> {
        self.take_turn().await?;
        let id = self.agency.clone();
        let version = self.inner.next_version().await?;
        self.inner
            .execute(SET_STATUS, args![&id, status.as_str(), version])
            .await?;
        let kind = match status {
            AgencyStatus::Active => EventType::AgencyResumed,
            AgencyStatus::Suspended => EventType::AgencySuspended,
        };
        let subject = id.as_str();
        self.record(NewEvent {
            kind,
            actor: "operator",
            subject,
            data: serde_json::json!({}),
        })
        .await?;
        Ok(())
    }
}

impl PlatformTx {
    pub async fn agency_by_slug(&mut self, slug: &Slug) -> Result<Option<Agency>, StoreError> {
        let row = self.inner.optional(BY_SLUG, args![slug]).await?;
        row.as_ref().map(agency).transpose()
    }

    pub async fn agencies(&mut self) -> Result<Vec<Agency>, StoreError> {
        self.inner
            .all(EVERY, &[])
            .await?
            .iter()
            .map(agency)
            .collect()
    }
}

pub(super) fn agency(row: &Row) -> Result<Agency, StoreError> {
    Ok(Agency {
        id: row.parsed("id")?,
        slug: row.parsed("slug")?,
        name: row.parsed("name")?,
        support_email: row.optional_parsed("support_email")?,
        brand_color: row.text("brand_color")?,
        locale: row.text("locale")?,
        time_zone: row.text("time_zone")?,
        status: row.parsed("status")?,
        primary_host: row.optional_parsed("primary_host")?,
        theme: row.optional_text("theme")?,
        require_totp: row.flag("require_totp")?,
        created_at: row.time("created_at")?,
    })
}
