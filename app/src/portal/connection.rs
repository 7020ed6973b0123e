use axum::extract::State;
use http::HeaderMap;
use latchkey_tenants::{ActionError, Connection, ConnectionId, ConnectionStatus};
use url::form_urlencoded;

use super::{CONNECTIONS, care::Care, holder};
use crate::{
    http::{PageError, PageResult, Query, Segment},
    link::Notice,
    oauth::{refresh_now, start_again, start_item},
    person::{Client, Person, Sent},
    platform::Platform,
};

/// `GET /portal/connections/{connection}`.
pub(super) async fn show(
    State(platform): State<Platform>,
    id: Segment,
    headers: HeaderMap,
    client: Client,
) -> PageResult {
    care(&platform, &client.person, &id)
        .await?
        .show(&headers)
        .await
}

/// `GET /portal/connections/{connection}/revoke`.
pub(super) async fn ask(
    State(platform): State<Platform>,
    id: Segment,
    client: Client,
) -> PageResult {
    care(&platform, &client.person, &id).await?.ask().await
}

/// `POST /portal/connections/{connection}/revoke`: at the provider too.
pub(super) async fn revoke(
    State(platform): State<Platform>,
    id: Segment,
    sent: Sent<Client>,
) -> PageResult {
    care(&platform, &sent.by.person, &id).await?.revoke().await
}

/// `POST /portal/connections/{connection}/pause`.
pub(super) async fn pause(
    State(platform): State<Platform>,
    id: Segment,
    sent: Sent<Client>,
) -> PageResult {
    care(&platform, &sent.by.person, &id).await?.pause().await
}

/// `POST /portal/connections/{connection}/resume`.
pub(super) async fn resume(
    State(platform): State<Platform>,
    id: Segment,
    sent: Sent<Client>,
) -> PageResult {
    care(&platform, &sent.by.person, &id).await?.resume().await
}

/// `POST /portal/connections/{connection}/refresh`: asks the provider for fresh access.
pub(super) async fn refresh(
    State(platform): State<Platform>,
    id: Segment,
    sent: Sent<Client>,
) -> PageResult {
    let care = care(&platform, &sent.by.person, &id).await?;
    let agency = &sent.by.person.site.agency.id;
    let notice = match refresh_now(&platform, agency, &care.connection.id).await {
        Ok(_) => Notice::Refreshed,
        Err(error) => {
            tracing::info!(connection = %care.connection.id, %error, "a client's refresh failed");
            Notice::NotRefreshed
        }
    };
    platform.changed(agency);
    care.back(Some(notice)).await
}

/// `POST /portal/connections/{connection}/reconnect`: leads to the provider. A revoked one is asked for anew, in the client's
/// own inbox; any other gets a new credential.
pub(super) async fn reconnect(
    State(platform): State<Platform>,
    id: Segment,
    sent: Sent<Client>,
) -> PageResult {
    let care = care(&platform, &sent.by.person, &id).await?;
    let connection = care.connection;
    if connection.status == ConnectionStatus::Revoked {
        return connect_anew(&platform, sent.by.person, &connection).await;
    }
    let person = sent.by.person;
    let mut tx = platform.store.begin(&person.site.agency.id).await?;
    let item = tx.item_of_connection(&connection.id).await?;
    let request = match item {
        Some(item) => tx.request_of_item(&item).await?,
        None => None,
    };
    let request = request.ok_or_else(PageError::not_found)?;
    let opened = holder::opened(person.session, person.secret, request);
    start_again(&platform, &person.site, tx, &opened, &connection).await
}

async fn connect_anew(platform: &Platform, person: Person, connection: &Connection) -> PageResult {
    let agency = person.site.agency.id.clone();
    let mut tx = platform.store.begin(&agency).await?;
    let item = match tx
        .connection_ask_again(&connection.id, person.member())
        .await
    {
        Ok(item) => item,
        Err(ActionError::Conflict { .. }) => {
            return Ok(crate::person::see_other(&super::connection_path(
                &connection.id,
            )));
        }
        Err(error) => return Err(error.into()),
    };
    tx.commit().await?;
    platform.changed(&agency);
    let mut tx = platform.store.begin(&agency).await?;
    let request = tx.request_of_item(&item).await?;
    let request = request.ok_or_else(PageError::not_found)?;
    let known = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&connection.host_vars)
        .finish();
    let fields = Query::parse(&known).unwrap_or_default();
    start_item(platform, holder::form(person, item, request, fields, tx)).await
}

/// The connection, if it is this client's.
async fn care<'a>(
    platform: &'a Platform,
    person: &'a Person,
    id: &Segment,
) -> Result<Care<'a>, PageError> {
    let id: ConnectionId = id.id()?;
    let mut tx = platform.store.read(&person.site.agency.id).await?;
    let found = tx.connection(&id).await?;
    let own = found.filter(|one| one.member_id.as_ref() == Some(&person.member().id));
    Ok(Care {
        platform,
        site: &person.site,
        csrf: person.csrf(),
        actor: person.member().actor(),
        all: CONNECTIONS,
        has_account: true,
        connection: own.ok_or_else(PageError::not_found)?,
    })
}
