use secrecy::SecretString;

use super::{
    apps::{client, own_app},
    flows::Journey,
    world::{World, slot},
};
use crate::{
    ActionError, ConnectionId, FlowId, ItemId, KeyScope, Request, RequestId, Workflow, store::Mail,
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
                tx.idempotency_claim("key", b"ours").await?;
                tx.idempotency_store("key", 201, &body).await?;
                let session = tx.link_session_start(&request, "host").await?;
                Ok::<_, ActionError>(session)
            })
            .await
            .unwrap();
        edge_rows(world).await;
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

async fn edge_rows(world: &World) {
    let ours = &world.ours.id;
    for sql in [
        format!(
            "insert into domains (id, agency_id, host, kind, state, bound, bindings_seen, token, findings, created_at, quiet_checks, log_seq, epoch, version) values ('dom', '{ours}', 'a.example', 'custom', 'live', 1, 0, 't', '{{}}', 0, 0, 0, 0, 1)"
        ),
        format!(
            "insert into certificates (id, agency_id, domain_id, issuer, serial, chain, sealed_key, not_before, not_after, renew_at, in_use, created_at) select 'crt', '{ours}', 'dom', 'i', 's', event_hash, event_hash, 0, 0, 0, 1, 0 from agencies where id = '{ours}'"
        ),
        format!(
            "insert into orders (id, agency_id, domain_id, host, purpose, state, attempts, run_at, epoch, created_at) values ('ord', '{ours}', 'dom', 'a.example', 'first', 'wanted', 0, 0, 0, 0)"
        ),
        format!("insert into challenges values ('{ours}', 'a.example', 'http-01', 't', 'k', 0, 0)"),
        format!("insert into domain_log values ('{ours}', 'dom', 1, 0, 'k', '{{}}')"),
        "insert into acme_accounts select 'i', event_hash, 0 from agencies limit 1".to_owned(),
        "insert into acme_budgets values ('i', 'b', '', 0)".to_owned(),
        "insert into edges values ('edg', 'n', '1', 0, 0, 0)".to_owned(),
    ] {
        world.sql(&sql).await;
    }
}
