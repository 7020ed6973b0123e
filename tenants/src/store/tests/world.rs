//! Two agencies that do not trust each other, and the shortest ways to what cases start from.

use std::{collections::BTreeMap, fmt::Debug, ops::Deref, time::Duration};

use secrecy::SecretString;

use super::raw::{self, Cell};
use crate::{
    Account, ActionError, Agency, Asked, ConnectionId, ItemId, ItemStatus, Lifetime, MailId,
    NewRequest, NewSlot, NewWorkflow, PageOf, PlatformTx, Recipient, Request, Resume, SlotRef,
    StoreError, Timestamp, Tx, Workflow, Workspace,
    store::{EventFilter, NewConnection, Tokens},
    testing::TestStore,
};

pub struct World {
    pub db: TestStore,
    pub ours: Agency,
    /// The foreign agency: it has a workspace of its own and nothing to look for in ours.
    pub theirs: Agency,
    pub workspace: Workspace,
}

impl Deref for World {
    type Target = TestStore;

    fn deref(&self) -> &TestStore {
        &self.db
    }
}

impl World {
    pub async fn sqlite() -> Self {
        Self::new(TestStore::sqlite().await).await
    }

    pub async fn postgres() -> Option<Self> {
        Some(Self::new(TestStore::postgres().await?).await)
    }

    async fn new(db: TestStore) -> Self {
        let (ours, theirs) = (db.agency("ours").await, db.agency("theirs").await);
        let mut workspaces = Vec::new();
        for agency in [&ours, &theirs] {
            let mut tx = db.store.begin(&agency.id).await.unwrap();
            let (name, slug) = ("Globex".parse().unwrap(), "globex".parse().unwrap());
            workspaces.push(tx.workspace_create(name, slug, "staff").await.unwrap());
            tx.commit().await.unwrap();
        }
        Self {
            db,
            ours,
            theirs,
            workspace: workspaces.swap_remove(0),
        }
    }

    /// A step of our agency. Committed even when it was refused, so that a refusal which writes is seen.
    pub async fn write<T, E: Debug>(
        &self,
        step: impl AsyncFnOnce(&mut Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        self.write_as(&self.ours, step).await
    }

    /// The same step of the foreign agency.
    pub async fn write_foreign<T, E: Debug>(
        &self,
        step: impl AsyncFnOnce(&mut Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        self.write_as(&self.theirs, step).await
    }

    async fn write_as<T, E: Debug>(
        &self,
        agency: &Agency,
        step: impl AsyncFnOnce(&mut Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut tx = self.store.begin(&agency.id).await.unwrap();
        let result = step(&mut tx).await;
        match tx.commit().await {
            Ok(()) => {}
            Err(StoreError::Poisoned) if result.is_err() => {}
            Err(error) => panic!("the commit failed: {error:?}"),
        }
        result
    }

    pub async fn read<T, E: Debug>(
        &self,
        step: impl AsyncFnOnce(&mut Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut tx = self.store.read(&self.ours.id).await.unwrap();
        let result = step(&mut tx).await;
        tx.commit().await.unwrap();
        result
    }

    pub async fn read_foreign<T, E: Debug>(
        &self,
        step: impl AsyncFnOnce(&mut Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut tx = self.store.read(&self.theirs.id).await.unwrap();
        let result = step(&mut tx).await;
        tx.commit().await.unwrap();
        result
    }

    pub async fn platform<T>(
        &self,
        step: impl AsyncFnOnce(&mut PlatformTx) -> Result<T, StoreError>,
    ) -> T {
        let mut tx = self.store.begin_platform().await.unwrap();
        let result = step(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        result
    }

    pub fn later(&self, by: Duration) {
        self.clock.advance(by);
    }

    pub async fn rows(&self) -> BTreeMap<String, Vec<Vec<Cell>>> {
        raw::everything(&self.store).await
    }

    pub async fn sql(&self, sql: &str) -> Vec<Vec<Cell>> {
        raw::sql(&self.store, sql).await
    }

    pub async fn count(&self, from: &str) -> i64 {
        match self.sql(&format!("select count(*) from {from}")).await[0][0] {
            Cell::Int(count) => count,
            ref other => panic!("{other:?} is no number"),
        }
    }

    /// A workflow that waits for these slots and opens by itself.
    pub async fn workflow(&self, slots: Vec<NewSlot>) -> Workflow {
        self.workflow_that(Resume::Auto, slots).await
    }

    pub async fn workflow_that(&self, resume: Resume, slots: Vec<NewSlot>) -> Workflow {
        let new = NewWorkflow {
            workspace_id: self.workspace.id.clone(),
            name: "Weekly report".parse().unwrap(),
            external_id: Some("n8n-17".parse().unwrap()),
            resume,
            slots,
        };
        self.write(async |tx| tx.workflow_create(new, "staff").await)
            .await
            .unwrap()
    }

    pub async fn workflow_now(&self, workflow: &Workflow) -> Workflow {
        self.read(async |tx| tx.workflow(&workflow.id).await)
            .await
            .unwrap()
            .unwrap()
    }

    /// A request for these slots that nobody has sent.
    pub async fn queued(&self, slots: Vec<SlotRef>) -> Request {
        let new = self.new_request(slots);
        self.write(async |tx| tx.request_create(new, "staff").await)
            .await
            .unwrap()
    }

    pub fn new_request(&self, slots: Vec<SlotRef>) -> NewRequest {
        NewRequest {
            workspace_id: self.workspace.id.clone(),
            asked: Asked::Recipient(Recipient {
                email: "jo@globex.example".parse().unwrap(),
                name: Some("Jo".parse().unwrap()),
            }),
            note: Some("For your Monday report".parse().unwrap()),
            language: Some("de".parse().unwrap()),
            lifetime: Lifetime::MAILED,
            reminders: None,
            slots,
        }
    }

    /// A sent request for every slot of one new workflow.
    pub async fn sent_for(&self, slots: Vec<NewSlot>) -> (Workflow, Request) {
        let workflow = self.workflow(slots).await;
        let request = self.queued(refs(&workflow)).await;
        let sent = self.send(&request).await;
        (workflow, sent)
    }

    /// A sent request for one app.
    pub async fn sent(&self) -> Request {
        self.sent_for(vec![slot("slack")]).await.1
    }

    pub async fn send(&self, request: &Request) -> Request {
        self.write(async |tx| tx.request_send(&request.id, "staff").await)
            .await
            .unwrap()
    }

    pub async fn request_now(&self, request: &Request) -> Request {
        self.read(async |tx| tx.request_existing(&request.id).await)
            .await
            .unwrap()
    }

    /// The secret of the link that the newest mail of the request carries.
    pub async fn mailed_link(&self, request: &Request) -> SecretString {
        let mails = self
            .read(async |tx| tx.mails_of(&request.id).await)
            .await
            .unwrap();
        let id: MailId = mails.last().expect("a mail").id.clone();
        let mail = self.read(async |tx| tx.mail(&id).await).await.unwrap();
        mail.unwrap().secret.expect("a link in the mail")
    }

    /// Whether this link's secret still opens its request.
    pub async fn link_lives(&self, secret: &SecretString) -> bool {
        let link = self.read(async |tx| tx.link(secret).await).await.unwrap();
        link.expect("a known link").lives
    }

    /// The client comes back from the provider with this account; none: the provider could not be asked.
    pub async fn fulfil(
        &self,
        item: &ItemId,
        account: Option<&str>,
    ) -> Result<(ItemStatus, ConnectionId), ActionError> {
        let tokens = planted("");
        self.write(async |tx| fulfil(tx, item, account, &tokens).await)
            .await
    }

    /// A connection of the first item of a new request for this app.
    pub async fn connected(&self, app: &str) -> (Workflow, Request, ConnectionId) {
        let (workflow, request) = self.sent_for(vec![slot(app)]).await;
        let connected = self.fulfil(&request.items[0].id, Some("T01")).await;
        (workflow, request, connected.unwrap().1)
    }

    /// The kinds of all events of our agency, oldest first.
    pub async fn events(&self) -> Vec<String> {
        let filter = EventFilter::default();
        let events = self.read(async |tx| tx.events(&filter, 10_000).await).await;
        let mut events = events.unwrap();
        events.reverse();
        events.iter().map(|event| event.kind.to_string()).collect()
    }

    /// How many events of this kind there are.
    pub async fn events_of(&self, kind: &str) -> usize {
        self.events().await.iter().filter(|of| *of == kind).count()
    }
}

/// An access token and a refresh token that nothing else looks like.
pub fn planted(mark: &str) -> (SecretString, SecretString) {
    let token = |name: &str| SecretString::from(format!("planted-{name}-token{mark}"));
    (token("access"), token("refresh"))
}

pub async fn fulfil(
    tx: &mut Tx,
    item: &ItemId,
    account: Option<&str>,
    (access, refresh): &(SecretString, SecretString),
) -> Result<(ItemStatus, ConnectionId), ActionError> {
    let expires_at = Some(tx.now().plus(Duration::from_hours(1)));
    let granted = ["chat:write".to_owned()];
    let new = NewConnection {
        item_id: item,
        authorized_email: None,
        actor: "recipient",
        account: account.map(|id| Account {
            id: id.to_owned(),
            label: Some(format!("{id}@globex.example")),
        }),
        proven: account.is_some(),
        scopes_requested: &granted,
        scopes_granted: &granted,
        host_vars: &BTreeMap::from([("shop".to_owned(), "globex".to_owned())]),
        tokens: Tokens {
            access_token: access,
            refresh_token: Some(refresh),
            token_type: "Bearer",
            expires_at,
        },
    };
    tx.connection_fulfil(new).await
}

/// What a client brings who connects anew.
pub fn renewal<'a>(
    item: &'a ItemId,
    account: Account,
    (access, refresh): (&'a SecretString, &'a SecretString),
    now: Timestamp,
) -> NewConnection<'a> {
    static NONE: BTreeMap<String, String> = BTreeMap::new();
    NewConnection {
        item_id: item,
        authorized_email: None,
        actor: "recipient",
        account: Some(account),
        proven: true,
        scopes_requested: &[],
        scopes_granted: &[],
        host_vars: &NONE,
        tokens: Tokens {
            access_token: access,
            refresh_token: Some(refresh),
            token_type: "Bearer",
            expires_at: Some(now.plus(Duration::from_hours(1))),
        },
    }
}

/// A required slot for an app, for any account.
pub fn slot(app: &str) -> NewSlot {
    NewSlot {
        app: app.to_owned(),
        scopes: vec![format!("{app}.read")],
        required: true,
        expected_account: None,
    }
}

pub fn optional(app: &str) -> NewSlot {
    NewSlot {
        required: false,
        ..slot(app)
    }
}

pub fn expecting(app: &str, account: &str) -> NewSlot {
    NewSlot {
        expected_account: Some(account.parse().unwrap()),
        ..slot(app)
    }
}

/// All slots of a workflow, to ask for.
pub fn refs(workflow: &Workflow) -> Vec<SlotRef> {
    let slot = |slot: &crate::Slot| SlotRef {
        workflow_id: workflow.id.clone(),
        slot_id: slot.id.clone(),
    };
    workflow.slots.iter().map(slot).collect()
}

/// The first `limit` of a list.
pub fn page<I>(limit: i64) -> PageOf<I> {
    PageOf { after: None, limit }
}

/// The code of a refusal.
pub fn refusal<T: Debug>(result: Result<T, ActionError>) -> &'static str {
    match result {
        Err(ActionError::Conflict { code, .. }) => code,
        other => panic!("a conflict was expected, not {other:?}"),
    }
}

/// The field that a refusal names.
pub fn refused_field<T: Debug>(result: Result<T, ActionError>) -> String {
    match result {
        Err(ActionError::Invalid { field, .. }) => field,
        other => panic!("a refused field was expected, not {other:?}"),
    }
}

/// What a refusal says is not there.
pub fn not_found<T: Debug>(result: Result<T, ActionError>) -> &'static str {
    match result {
        Err(ActionError::NotFound(what)) => what,
        other => panic!("nothing was to be found, not {other:?}"),
    }
}
