use secrecy::{SecretSlice, SecretString};

use super::{
    apps::{client, own_app},
    edge_orders::{DAY, certified},
    edge_renewals,
    flows::Journey,
    people_estate::People,
    world::{World, slot},
};
use crate::{
    ActionError, ChallengeKind, ConnectionId, EdgeId, FirstStep, FlowId, ItemId, KeyScope, Request,
    RequestId, StepMark, Workflow,
    store::{BudgetUse, EdgeSighting, Mail, NewMailRelay},
};

/// Something of ours in every table.
pub struct Estate {
    pub workflow: Workflow,
    /// Sent; the first item is fulfilled, the second pending.
    pub request: Request,
    pub connection: ConnectionId,
    pub link: SecretString,
    pub session: SecretString,
    /// Not yet come to the other host.
    pub journey: Journey,
    pub flow: FlowId,
    /// Of a flow whose answer waits for it.
    pub ticket_home: SecretString,
    pub mail: Mail,
}

impl Estate {
    pub async fn build(world: &World) -> Self {
        let (workflow, request) = world.sent_for(vec![slot("slack"), slot("gmail")]).await;
        let connected = world.fulfil(&request.items[0].id, Some("T01")).await;
        let link = world.mailed_link(&request).await;
        let journey = Journey::hopping(world);
        let flow = journey.start(world, &request).await;
        let ticket_home = answered(world, &request).await;
        world.api_key(&world.ours, KeyScope::ALL).await;
        let body = SecretString::from("body");
        let session = world
            .write(async |tx| {
                tx.app_create(&own_app("acme-crm"), "staff").await?;
                let client = client("ours", Some("hush"));
                tx.oauth_client_put("slack", &client, "staff").await?;
                tx.first_step_mark(FirstStep::Brand, StepMark::Done).await?;
                tx.idempotency_claim("key", b"ours").await?;
                tx.idempotency_store("key", 201, &body).await?;
                let session = tx.link_session_start(&request, None, "host").await?;
                Ok::<_, ActionError>(session)
            })
            .await
            .unwrap();
        edge_rows(world).await;
        super::themes::published(world, "estate").await;
        mail_rows(world, &request).await;
        People::build(world).await;
        let mail = world
            .read(async |tx| tx.mails_of(&request.id).await)
            .await
            .unwrap()
            .swap_remove(0);
        Self {
            workflow,
            request: world.request_now(&request).await,
            connection: connected.unwrap().1,
            link,
            session,
            journey,
            flow,
            ticket_home,
            mail,
        }
    }

    pub fn item(&self) -> &ItemId {
        &self.request.items[1].id
    }

    pub fn id(&self) -> &RequestId {
        &self.request.id
    }
}

async fn answered(world: &World, request: &Request) -> SecretString {
    let journey = Journey::hopping(world);
    let id = journey.start(world, request).await;
    let ticket = SecretString::from(world.entropy.token());
    world
        .write(async |tx| {
            tx.flow_hop_take(journey.ticket(), &journey.cookie).await?;
            tx.flow_take(&journey.state).await?;
            tx.flow_answer_keep(&id, &journey.verifier, &ticket).await
        })
        .await
        .unwrap();
    ticket
}

/// How mails leave, and an address that gets no more reminders.
async fn mail_rows(world: &World, request: &Request) {
    let mail = world
        .read(async |tx| tx.mails_of(&request.id).await)
        .await
        .unwrap()
        .swap_remove(0);
    let host = "mail.estate.example".parse().unwrap();
    let sender = "hello@estate.example".parse().unwrap();
    let password = SecretString::from("password");
    world
        .write(async |tx| {
            tx.reminders_refuse(&mail).await?;
            tx.sender_domain_claim(&host, "staff").await?;
            let relay = NewMailRelay {
                host: &host,
                port: 465,
                username: "estate",
                password: &password,
                sender: &sender,
            };
            tx.mail_relay_put(relay, "staff").await
        })
        .await
        .unwrap();
    let private = SecretSlice::from(b"private".to_vec());
    world
        .platform(async |tx| tx.dkim_key_put("m1", &private, "public").await)
        .await;
}

/// A live domain whose certificate is being renewed, and what the installation keeps for itself.
async fn edge_rows(world: &World) {
    let domain = certified(world, "estate.example").await;
    edge_renewals::want(world, &domain, None).await;
    let expires_at = world.store.now().plus(DAY);
    world
        .write(async |tx| {
            let kind = ChallengeKind::Http01;
            tx.challenge_put(&domain.host, kind, "token", "token.print", expires_at)
                .await
        })
        .await
        .unwrap();
    let id = EdgeId::new(&*world.clock, &*world.entropy);
    world
        .platform(async |tx| {
            tx.acme_account_put("issuer", b"sealed").await?;
            let budget = BudgetUse {
                issuer: "issuer",
                bucket: "orders",
                key: "",
                burst: 1,
                period: DAY,
            };
            assert!(tx.budget_take(&[budget]).await?.is_ok());
            tx.edge_seen(EdgeSighting {
                id: &id,
                name: "edge",
                version: "1",
                snapshot_version: 1,
                started_at: tx.now(),
                refused: &[],
            })
            .await
        })
        .await;
}
