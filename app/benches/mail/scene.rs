use std::{collections::BTreeMap, sync::Arc};

use latchkey_app::{
    AppConfig, MailConfig, Platform, Urls,
    mail::{DeliveryConfig, make_keys},
};
use latchkey_tenants::{
    ActionError, Agency, Asked, Clock, ConnectionId, DomainState, Lifetime, MailKind, MemberId,
    NewRequest, NewSlot, NewWorkflow, PageOf, Recipient, Request, Resume, Role, SenderVerdict,
    SlotRef, Tx, Workflow, WorkspaceId,
    store::{NewConnection, NewInvitation, NewMail, SignInSecrets, Tokens},
    testing::TestStore,
};
use secrecy::SecretString;
use serde_json::json;

/// Mails that are queued in one transaction.
const BATCH: usize = 500;
const HOST: &str = "northwind.latch.example";

/// An agency with a sender domain, and mails of every kind in its outbox, in turns.
pub struct Scene {
    pub platform: Platform,
    _test: TestStore,
}

/// What the mails are about.
struct Causes {
    open: Request,
    link: SecretString,
    done: Request,
    cancelled: Request,
    failed: ConnectionId,
    ended: ConnectionId,
    member: MemberId,
    live: String,
    drifted: String,
}

impl Scene {
    pub async fn build(port: u16, mails: usize) -> Self {
        let test = TestStore::sqlite().await;
        let agency = test.agency("northwind").await;
        make_keys(&test.store).await.expect("keys");
        let causes = causes(&test, &agency).await;
        for first in (0..mails).step_by(BATCH) {
            let mut tx = test.store.begin(&agency.id).await.expect("a transaction");
            for number in first..mails.min(first + BATCH) {
                let kind = MailKind::ALL[number % MailKind::ALL.len()];
                queue(&mut tx, &causes, kind, number).await.expect("a mail");
            }
            tx.commit().await.expect("committed");
        }
        let config = AppConfig {
            urls: Urls::new("latch.example", "https://{host}").expect("addresses"),
            edge_secret: None,
            mail: Some(MailConfig {
                smtp_url: format!("smtp://127.0.0.1:{port}").into(),
                from: "notify@mail.example".to_owned(),
            }),
            delivery: DeliveryConfig::default(),
            dev_loopback: true,
        };
        let clock = Arc::clone(&test.clock) as Arc<dyn Clock>;
        let entropy = Arc::clone(&test.entropy);
        let platform = Platform::new(test.store.clone(), config, clock, entropy);
        Self {
            platform: platform.expect("a platform"),
            _test: test,
        }
    }
}

async fn causes(test: &TestStore, agency: &Agency) -> Causes {
    let domains = [
        ("connect.northwind.example", DomainState::Live),
        ("old.northwind.example", DomainState::Drifted),
    ];
    for (host, state) in domains {
        test.domain(agency, host, state).await;
    }
    let mut tx = test.store.begin(&agency.id).await.expect("a transaction");
    let causes = write_causes(&mut tx).await.expect("what mails are about");
    tx.commit().await.expect("committed");
    // What this queued itself is not counted.
    let mut tx = test.store.begin_platform().await.expect("a transaction");
    while let Some(job) = tx.job_claim().await.expect("a job") {
        tx.job_done(&job.id).await.expect("done");
    }
    tx.commit().await.expect("committed");
    causes
}

async fn write_causes(tx: &mut Tx) -> Result<Causes, ActionError> {
    let host = "mail.northwind.example".parse().expect("a host");
    let (sender, _) = tx.sender_domain_claim(&host, "bench").await?;
    tx.sender_domain_report(&sender.id, &SenderVerdict::Good, &json!({}))
        .await?;
    let name = "Globex".parse().expect("a name");
    let slug = "globex".parse().expect("a slug");
    let workspace = tx.workspace_create(name, slug, "bench").await?.id;
    let workflow = workflow(tx, &workspace).await?;
    let (open, link) = request(tx, &workflow).await?;
    let (cancelled, _) = request(tx, &workflow).await?;
    tx.request_cancel(&cancelled.id, "bench").await?;
    let (done, _) = request(tx, &workflow).await?;
    let mut connections = Vec::new();
    for item in &done.items {
        connections.push(connect(tx, item).await?);
    }
    let (other, _) = request(tx, &workflow).await?;
    let failed = connect(tx, &other.items[0]).await?;
    tx.connection_failed(&failed, "invalid_grant").await?;
    let ended = connect(tx, &other.items[1]).await?;
    tx.connection_revoked(&ended, "bench").await?;
    let owner = "owner@northwind.example".parse().expect("an address");
    let member = tx.member_by_email(&owner).await?.expect("an owner").id;
    let page = PageOf {
        after: None,
        limit: 9,
    };
    let domains = tx.domains("", &page).await?;
    let named = |host: &str| {
        let domain = domains.iter().find(|domain| domain.host.as_str() == host);
        domain.expect("a domain").id.to_string()
    };
    Ok(Causes {
        live: named("connect.northwind.example"),
        drifted: named("old.northwind.example"),
        open,
        link,
        done,
        cancelled,
        failed,
        ended,
        member,
    })
}

async fn workflow(tx: &mut Tx, workspace: &WorkspaceId) -> Result<Workflow, ActionError> {
    let slot = |app: &str| NewSlot {
        app: app.to_owned(),
        scopes: Vec::new(),
        required: true,
        expected_account: None,
    };
    let new = NewWorkflow {
        workspace_id: workspace.clone(),
        name: "Weekly report".parse().expect("a name"),
        external_id: None,
        resume: Resume::Auto,
        slots: ["slack", "google-drive", "hubspot"].map(slot).into(),
    };
    tx.workflow_create(new, "bench").await
}

async fn request(tx: &mut Tx, workflow: &Workflow) -> Result<(Request, SecretString), ActionError> {
    let slots = workflow.slots.iter().map(|slot| SlotRef {
        workflow_id: workflow.id.clone(),
        slot_id: slot.id.clone(),
    });
    let new = NewRequest {
        workspace_id: workflow.workspace_id.clone(),
        asked: Asked::Recipient(Recipient {
            email: "jo@globex.example".parse().expect("an address"),
            name: Some("Jo Park".parse().expect("a name")),
        }),
        note: Some("For your Monday report".parse().expect("a note")),
        language: None,
        lifetime: Lifetime::MAILED,
        reminders: None,
        slots: slots.collect(),
    };
    let request = tx.request_create(new, "bench").await?;
    tx.request_make_link(&request.id, "bench").await
}

async fn connect(tx: &mut Tx, item: &latchkey_tenants::Item) -> Result<ConnectionId, ActionError> {
    let new = NewConnection {
        item_id: &item.id,
        authorized_email: None,
        actor: "recipient",
        account: None,
        proven: true,
        scopes_requested: &[],
        scopes_granted: &[],
        host_vars: &BTreeMap::new(),
        tokens: Tokens {
            access_token: &"token".into(),
            refresh_token: None,
            token_type: "Bearer",
            expires_at: None,
        },
    };
    Ok(tx.connection_fulfil(new).await?.1)
}

async fn queue(
    tx: &mut Tx,
    causes: &Causes,
    kind: MailKind,
    number: usize,
) -> Result<(), ActionError> {
    let (request, data) = match kind {
        MailKind::Invitation => return invite(tx, number).await,
        MailKind::SignIn => return sign_in(tx).await,
        // Writes its mail itself.
        MailKind::MyConnections => {
            return Ok(tx.address_ask(&causes.done.recipient.email, HOST).await?);
        }
        MailKind::Forwarded => (&causes.open, json!({"by": "kim@globex.example"})),
        MailKind::Reminder => (&causes.open, json!({"step": "first"})),
        MailKind::Cancelled => (&causes.cancelled, json!({})),
        MailKind::AllDone | MailKind::AllConnected => (&causes.done, json!({})),
        MailKind::AppFailed => (
            &causes.open,
            json!({"app": "slack", "fault": "refused", "redirect_uri": "https://northwind.latch.example/oauth/callback/x"}),
        ),
        MailKind::ReconnectNeeded => (&causes.open, json!({"connection_id": causes.failed})),
        MailKind::Revoked => (
            &causes.open,
            json!({"connection_id": causes.ended, "by": "Ana"}),
        ),
        MailKind::MailUndeliverable => (
            &causes.open,
            json!({"recipient": "jo@globex.example", "detail": "5.1.1"}),
        ),
        MailKind::NewDevice => (
            &causes.open,
            json!({"member_id": causes.member, "browser": "Firefox on Linux", "host": HOST}),
        ),
        MailKind::RoleChanged => (
            &causes.open,
            json!({"member_id": causes.member, "role": Role::Admin, "before": Role::Member, "actor": "bench"}),
        ),
        MailKind::DomainLive => (&causes.open, json!({"domain_id": causes.live})),
        MailKind::DomainDrifted => (&causes.open, json!({"domain_id": causes.drifted})),
        _ => (&causes.open, json!({})),
    };
    let links = matches!(
        kind,
        MailKind::Request
            | MailKind::FreshLink
            | MailKind::LinkReplaced
            | MailKind::Reminder
            | MailKind::LastCall
            | MailKind::Forwarded
    );
    let secret = links.then_some((Some(&request.workspace_id), &causes.link));
    tx.mail_enqueue(NewMail {
        kind,
        request_id: Some(&request.id),
        recipient: &request.recipient.email,
        secret,
        data,
    })
    .await?;
    Ok(())
}

/// Writes its mail itself.
async fn invite(tx: &mut Tx, number: usize) -> Result<(), ActionError> {
    let new = NewInvitation {
        email: format!("person-{number}@northwind.example")
            .parse()
            .expect("an address"),
        name: None,
        role: Role::Member,
        workspace_id: None,
    };
    tx.invitation_create(new, Role::Owner, "bench").await?;
    Ok(())
}

async fn sign_in(tx: &mut Tx) -> Result<(), ActionError> {
    let secrets = SignInSecrets {
        link: "lk_in_0123456789".to_owned(),
        code: "123456".to_owned(),
    };
    let secrets = SecretString::from(serde_json::to_string(&secrets).expect("plain text"));
    let end = tx.now().plus(std::time::Duration::from_mins(15));
    tx.mail_enqueue(NewMail {
        kind: MailKind::SignIn,
        request_id: None,
        recipient: &"owner@northwind.example".parse().expect("an address"),
        secret: Some((None, &secrets)),
        data: json!({"expires_at": end.micros(), "host": HOST}),
    })
    .await?;
    Ok(())
}
