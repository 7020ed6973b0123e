use super::{
    StoreError, Tx,
    conn::Row,
    search::pattern,
    search_words::{Beginning, Kind, read_hits},
    statement::{among, args, statements},
};
use crate::{
    ActionError, EventType, NewEvent, PageOf, Workspace, WorkspaceId,
    id::{Prefix, kinds::WorkspaceKind},
    values::{Name, Slug},
};

/// Workspaces with how much is in them; `$from` has them as `w`.
macro_rules! lines {
    ($from:expr) => {
        concat!(
            "select w.*, (select count(*) from members m where m.agency_id = w.agency_id and m.workspace_id = w.id) as clients, (select count(*) from workflows f where f.agency_id = w.agency_id and f.workspace_id = w.id) as workflows, (select count(*) from connections c where c.agency_id = w.agency_id and c.workspace_id = w.id and c.status <> 'revoked') as connections, (select count(*) from connections c where c.agency_id = w.agency_id and c.workspace_id = w.id and c.status = 'error') as broken, (select count(*) from requests r where r.agency_id = w.agency_id and r.workspace_id = w.id and r.status = 'sent') as waiting from ",
            $from
        )
    };
}

statements! {
    CREATE = "insert into workspaces (id, agency_id, slug, name, created_at) values ($2, $1, $3, $4, $5) on conflict (agency_id, slug) do nothing";
    ONE = "select * from workspaces where agency_id = $1 and id = $2";
    LIST = "select * from workspaces where agency_id = $1 and id < $2 order by id desc limit $3";
    FOUND = "select * from workspaces where agency_id = $1 and closing_at is null and (cast($2 as text) is null or lower(name) like $2 escape '!' or slug like $2 escape '!') order by lower(name), id limit $3";
    CALLED = "select * from workspaces where agency_id = $1 and closing_at is null and (slug = $2 or lower(name) = lower($2)) order by case when slug = $2 then 0 else 1 end, id limit 2";
    LINE = lines!("workspaces w where w.agency_id = $1 and w.id = $2");
    LINES = lines!("workspaces w where w.agency_id = $1 and w.id < $2 order by w.id desc limit $3");
    HITS = read_hits!("select id from search_words where agency_id = $1 and kind = 'workspace' and word >= $2 and word < $3");
    THESE = lines!(concat!("workspaces w where w.agency_id = $1 and w.id in ", among!(), " order by w.id desc"));
    BROAD = lines!("workspaces w where w.agency_id = $1 and w.id < $4 and exists (select 1 from search_words s where s.agency_id = w.agency_id and s.id = w.id and s.word >= $2 and s.word < $3) order by w.id desc limit $5");
    RENAME = "update workspaces set name = $3 where agency_id = $1 and id = $2";
}

/// A workspace with how much is in it.
#[derive(Clone, Debug)]
pub struct WorkspaceRow {
    pub workspace: Workspace,
    /// Portal members.
    pub clients: i64,
    pub workflows: i64,
    /// Those that were not revoked.
    pub connections: i64,
    /// Connections that the client has to mend.
    pub broken: i64,
    /// Requests that are out.
    pub waiting: i64,
}

impl Tx {
    /// # Errors
    /// A conflict `slug_taken` when the agency has a workspace of this slug.
    pub async fn workspace_create(
        &mut self,
        name: Name,
        slug: Slug,
        actor: &str,
    ) -> Result<Workspace, ActionError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let id: WorkspaceId = self.new_id();
        let created = self
            .inner
            .execute(CREATE, args![&agency, &id, &slug, &name, now])
            .await?;
        if created == 0 {
            let message = format!("a workspace with the slug `{slug}` exists: choose another slug");
            return Err(ActionError::conflict("slug_taken", message));
        }
        self.create_data_key(id.as_str()).await?;
        self.workspace_words_put(&id, &name, &slug).await?;
        let data = serde_json::json!({ "slug": slug });
        self.record(NewEvent {
            kind: EventType::WorkspaceCreated,
            actor,
            subject: id.as_str(),
            data,
        })
        .await?;
        Ok(Workspace {
            id,
            slug,
            name,
            created_at: now,
            closing_at: None,
            suspended_at: None,
        })
    }

    pub async fn workspace(&mut self, id: &WorkspaceId) -> Result<Option<Workspace>, StoreError> {
        let agency = self.agency.clone();
        let row = self.inner.optional(ONE, args![&agency, id]).await?;
        row.as_ref().map(workspace).transpose()
    }

    /// Whether something may be added to it: it is there and not being deleted.
    pub(super) async fn workspace_takes_more(
        &mut self,
        id: &WorkspaceId,
    ) -> Result<bool, StoreError> {
        let found = self.workspace(id).await?;
        Ok(found.is_some_and(|workspace| workspace.closing_at.is_none()))
    }

    pub async fn workspaces(
        &mut self,
        page: &PageOf<WorkspaceId>,
    ) -> Result<Vec<Workspace>, StoreError> {
        let agency = self.agency.clone();
        let after = before_id::<WorkspaceKind>(page.after.as_ref().map(WorkspaceId::as_str));
        let rows = self
            .inner
            .all(LIST, args![&agency, &after, page.limit])
            .await?;
        rows.iter().map(workspace).collect()
    }

    /// Those whose name or slug has this part, by name; empty: any.
    pub async fn workspaces_found(
        &mut self,
        text: &str,
        limit: i64,
    ) -> Result<Vec<Workspace>, StoreError> {
        let agency = self.agency.clone();
        let text = pattern(text);
        let args = args![&agency, text.as_deref(), limit];
        let rows = self.inner.all(FOUND, args).await?;
        rows.iter().map(workspace).collect()
    }

    /// The one of this slug, else the one of this name.
    ///
    /// # Errors
    /// None or several are called so.
    pub async fn workspace_called(&mut self, text: &str) -> Result<Workspace, ActionError> {
        let agency = self.agency.clone();
        let args = args![&agency, text];
        let rows = self.inner.all(CALLED, args).await?;
        let mut found = rows.iter().map(workspace).collect::<Result<Vec<_>, _>>()?;
        let several = found.len() > 1;
        let Some(first) = found.drain(..).next() else {
            let message = format!("no workspace is called `{text}`");
            return Err(ActionError::invalid("/workspace", message));
        };
        if several && first.slug.as_str() != text {
            let message = format!("several workspaces are called `{text}`: write the slug");
            return Err(ActionError::invalid("/workspace", message));
        }
        Ok(first)
    }

    /// Those of whose name or slug a word begins so, newest first; empty: any.
    pub async fn workspace_rows(
        &mut self,
        search: &str,
        page: &PageOf<WorkspaceId>,
    ) -> Result<Vec<WorkspaceRow>, StoreError> {
        let agency = self.agency.clone();
        let after = before_id::<WorkspaceKind>(page.after.as_ref().map(WorkspaceId::as_str));
        let rows = match Beginning::of(search) {
            Some(wanted) => match self.search_hits(HITS, &wanted).await? {
                Some(hits) => {
                    let page = (&*after, page.limit);
                    self.search_page(THESE, &hits, &[], page).await?
                }
                None => {
                    let args = args![&agency, &wanted.from, &wanted.to, &after, page.limit];
                    self.inner.all(BROAD, args).await?
                }
            },
            None => {
                let args = args![&agency, &after, page.limit];
                self.inner.all(LINES, args).await?
            }
        };
        rows.iter().map(line).collect()
    }

    pub async fn workspace_row(
        &mut self,
        id: &WorkspaceId,
    ) -> Result<Option<WorkspaceRow>, StoreError> {
        let agency = self.agency.clone();
        let row = self.inner.optional(LINE, args![&agency, id]).await?;
        row.as_ref().map(line).transpose()
    }

    async fn workspace_words_put(
        &mut self,
        id: &WorkspaceId,
        name: &Name,
        slug: &Slug,
    ) -> Result<(), StoreError> {
        let texts = [Some(name.as_str()), Some(slug.as_str())];
        self.search_words_put(Kind::Workspace, id.as_str(), &texts)
            .await
    }

    /// Its slug stays: programs may know it.
    pub async fn workspace_rename(
        &mut self,
        id: &WorkspaceId,
        name: &Name,
        actor: &str,
    ) -> Result<(), ActionError> {
        self.take_turn().await?;
        let found = self.workspace(id).await?;
        let found = found.ok_or(ActionError::NotFound("workspace"))?;
        if found.name == *name {
            return Ok(());
        }
        let agency = self.agency.clone();
        self.inner.execute(RENAME, args![&agency, id, name]).await?;
        self.workspace_words_put(id, name, &found.slug).await?;
        self.record(NewEvent {
            kind: EventType::WorkspaceRenamed,
            actor,
            subject: id.as_str(),
            data: serde_json::json!({}),
        })
        .await?;
        Ok(())
    }
}

pub(super) fn workspace(row: &Row) -> Result<Workspace, StoreError> {
    Ok(Workspace {
        id: row.parsed("id")?,
        slug: row.parsed("slug")?,
        name: row.parsed("name")?,
        created_at: row.time("created_at")?,
        closing_at: row.optional_time("closing_at")?,
        suspended_at: row.optional_time("suspended_at")?,
    })
}

fn line(row: &Row) -> Result<WorkspaceRow, StoreError> {
    Ok(WorkspaceRow {
        workspace: workspace(row)?,
        clients: row.int("clients")?,
        workflows: row.int("workflows")?,
        connections: row.int("connections")?,
        broken: row.int("broken")?,
        waiting: row.int("waiting")?,
    })
}

/// The id that a page starts below: the cursor's, or one that sorts after every id of its kind.
pub(super) fn before_id<P: Prefix>(after: Option<&str>) -> String {
    after.map_or_else(
        || format!("{}_{}", P::PREFIX, "z".repeat(27)),
        str::to_owned,
    )
}
