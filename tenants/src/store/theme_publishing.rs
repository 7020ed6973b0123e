//! Which version of its theme an agency shows, and how that moved.

use super::{
    StoreError, Tx,
    conn::Row,
    statement::{args, statements},
};
use crate::{ActionError, EventType, NewEvent, ThemeId, ThemeMove, ThemeMoveWhy, ThemeVersion};

statements! {
    POINT = "update agencies set theme = $2 where id = $1 and coalesce(theme, '') = $3";
    PUBLISHED = "update themes set published_at = $3 where agency_id = $1 and id = $2";
    RETIRE = "delete from themes where agency_id = $1 and id in (select t.id from themes t where t.agency_id = $1 and t.published_at is not null order by t.published_at desc, t.id desc limit 1000 offset $2) and not exists (select 1 from agencies a where a.id = $1 and a.theme = themes.hash) and not exists (select 1 from mails m where m.agency_id = $1 and m.status = 'queued' and m.theme = themes.hash)";
    ADD_ASSET = "insert into theme_assets (agency_id, path, theme_id) values ($1, $2, $3) on conflict do nothing";
    ADD_MOVE = "insert into theme_moves (agency_id, seq, at, actor, from_id, to_id, why, reason) values ($1, (select coalesce(max(seq), 0) + 1 from theme_moves where agency_id = $1), $2, $3, $4, $5, $6, $7) returning seq";
    MOVES = "select * from theme_moves where agency_id = $1 and seq < $2 order by seq desc limit $3";
    CAME_FROM = "select from_id from theme_moves where agency_id = $1 and to_id = $2 order by seq desc limit 1";
    FAILED_BEFORE = "select 1 as failed from theme_moves where agency_id = $1 and from_id = $2 and why = 'automatic' limit 1";
}

/// Versions of an agency that were published once and are kept to go back to.
const MAX_PUBLISHED: i64 = 50;

/// What becomes the published version. None: the base theme.
#[derive(Clone, Copy, Debug)]
pub struct PublishTheme<'a> {
    pub to: Option<&'a ThemeId>,
    /// What the caller believes to be published now, if they say so.
    pub expected: Option<Option<&'a ThemeId>>,
    /// Every path that pages and mails of the version may link to.
    pub paths: &'a [String],
}

/// The step itself.
struct Step<'a> {
    to: Option<&'a ThemeVersion>,
    actor: &'a str,
    why: ThemeMoveWhy,
    reason: Option<&'a str>,
}

impl Tx {
    /// Makes a version the published one; an older one again is a roll back. None: it was the published one already.
    ///
    /// # Errors
    /// A conflict `theme_moved`: another one than the expected is published.
    pub async fn theme_publish(
        &mut self,
        wish: PublishTheme<'_>,
        actor: &str,
    ) -> Result<Option<ThemeMove>, ActionError> {
        self.take_turn().await?;
        let to = match wish.to {
            Some(id) => Some(self.theme_existing(id).await?),
            None => None,
        };
        let now = self.theme_current().await?;
        let now_id = now.as_ref().map(|now| &now.id);
        if wish.expected.is_some_and(|expected| expected != now_id) {
            let message = "another version is published than the one you expected: look again";
            return Err(ActionError::conflict("theme_moved", message));
        }
        if wish.to == now_id {
            return Ok(None);
        }
        let agency = self.agency.clone();
        if let Some(to) = &to {
            for path in wish.paths {
                let add = args![&agency, path, &to.id];
                self.inner.execute(ADD_ASSET, add).await?;
            }
        }
        let new = to.as_ref().is_some_and(|to| to.published_at.is_none());
        let step = Step {
            to: to.as_ref(),
            actor,
            why: match new {
                true => ThemeMoveWhy::Published,
                false => ThemeMoveWhy::RolledBack,
            },
            reason: None,
        };
        Ok(Some(self.theme_move(now.as_ref(), step).await?))
    }

    /// The published version, if it has this hash, gives way to the one before it, or to the base theme where that one failed
    /// too. None: it is not published any more.
    pub async fn theme_fall_back(
        &mut self,
        hash: &str,
        reason: &str,
    ) -> Result<Option<ThemeMove>, ActionError> {
        self.take_turn().await?;
        let now = self.theme_current().await?;
        let Some(failing) = now.filter(|now| now.hash == hash) else {
            return Ok(None);
        };
        let to = self.theme_before(&failing.id).await?;
        let step = Step {
            to: to.as_ref(),
            actor: "system",
            why: ThemeMoveWhy::Automatic,
            reason: Some(reason),
        };
        Ok(Some(self.theme_move(Some(&failing), step).await?))
    }

    /// The published version. None: the base theme.
    pub async fn theme_current(&mut self) -> Result<Option<ThemeVersion>, StoreError> {
        match self.agency_itself().await?.theme {
            Some(hash) => self.theme_by_hash(&hash).await,
            None => Ok(None),
        }
    }

    /// How the published version moved, newest first.
    pub async fn theme_moves(
        &mut self,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<ThemeMove>, StoreError> {
        let agency = self.agency.clone();
        let list = args![&agency, before.unwrap_or(i64::MAX), limit];
        let rows = self.inner.all(MOVES, list).await?;
        rows.iter().map(theme_move).collect()
    }

    async fn theme_before(
        &mut self,
        failing: &ThemeId,
    ) -> Result<Option<ThemeVersion>, StoreError> {
        let agency = self.agency.clone();
        let row = self
            .inner
            .optional(CAME_FROM, args![&agency, failing])
            .await?;
        let from: Option<ThemeId> = match row {
            Some(row) => row.optional_parsed("from_id")?,
            None => None,
        };
        let Some(id) = from else {
            return Ok(None);
        };
        let failed = self
            .inner
            .optional(FAILED_BEFORE, args![&agency, &id])
            .await?;
        match failed {
            Some(_) => Ok(None),
            None => self.theme(&id).await,
        }
    }

    async fn theme_move(
        &mut self,
        from: Option<&ThemeVersion>,
        step: Step<'_>,
    ) -> Result<ThemeMove, ActionError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let hash = |version: Option<&ThemeVersion>| version.map(|version| version.hash.clone());
        let (old, new) = (hash(from).unwrap_or_default(), hash(step.to));
        let point = args![&agency, new.as_deref(), &old];
        if self.inner.execute(POINT, point).await? == 0 {
            let message = "another version was published at the same moment: look again";
            return Err(ActionError::conflict("theme_moved", message));
        }
        let (from_id, to_id) = (from.map(|from| &from.id), step.to.map(|to| &to.id));
        if let Some(id) = to_id {
            let published = args![&agency, id, now];
            self.inner.execute(PUBLISHED, published).await?;
            self.inner
                .execute(RETIRE, args![&agency, MAX_PUBLISHED])
                .await?;
        }
        let kind = match step.why {
            ThemeMoveWhy::Published => EventType::ThemePublished,
            ThemeMoveWhy::RolledBack | ThemeMoveWhy::Automatic => EventType::ThemeRolledBack,
        };
        self.record(NewEvent {
            kind,
            actor: step.actor,
            subject: to_id.or(from_id).map_or(agency.as_str(), ThemeId::as_str),
            data: serde_json::json!({ "from": from_id, "to": to_id, "why": step.why, "reason": step.reason }),
        })
        .await?;
        let add = args![
            &agency,
            now,
            step.actor,
            from_id,
            to_id,
            step.why.as_str(),
            step.reason
        ];
        let row = self.inner.optional(ADD_MOVE, add).await?;
        let row = row.ok_or_else(|| StoreError::gone("theme_moves"))?;
        Ok(ThemeMove {
            seq: row.int("seq")?,
            at: now,
            actor: step.actor.to_owned(),
            from: from_id.cloned(),
            to: to_id.cloned(),
            why: step.why,
            reason: step.reason.map(str::to_owned),
        })
    }
}

fn theme_move(row: &Row) -> Result<ThemeMove, StoreError> {
    Ok(ThemeMove {
        seq: row.int("seq")?,
        at: row.time("at")?,
        actor: row.text("actor")?,
        from: row.optional_parsed("from_id")?,
        to: row.optional_parsed("to_id")?,
        why: row.parsed("why")?,
        reason: row.optional_text("reason")?,
    })
}
