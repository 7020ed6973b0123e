//! Mails to the agency about its connections.

use latchkey_tenants::{
    Connection, ConnectionId, ConnectionStatus, GateState, MailKind, ReceiptOutcome, StoreError,
    Tx, store::Mail,
};
use latchkey_themes::mail::{self as themed, AtProvider, ReconnectNeededMail, RevokedMail};

use super::content::{
    CAUSE_GONE, Letter, app_name, field, to_agency, workflow_names, workspace_name,
};

pub(super) async fn letter(tx: &mut Tx, origin: &str, mail: &Mail) -> Result<Letter, StoreError> {
    let Some(connection) = connection(tx, mail).await? else {
        return Ok(CAUSE_GONE);
    };
    match mail.kind {
        MailKind::Revoked => revoked(tx, origin, &connection, mail).await,
        _ => reconnect_needed(tx, origin, &connection).await,
    }
}

async fn connection(tx: &mut Tx, mail: &Mail) -> Result<Option<Connection>, StoreError> {
    match field(mail, "connection_id").parse::<ConnectionId>() {
        Ok(id) => tx.connection(&id).await,
        Err(_) => Ok(None),
    }
}

async fn reconnect_needed(
    tx: &mut Tx,
    origin: &str,
    connection: &Connection,
) -> Result<Letter, StoreError> {
    if connection.status != ConnectionStatus::Error {
        return Ok(Letter::Skip("the connection is not in error any more"));
    }
    let workflows = tx.workflows_of_connection(&connection.id).await?;
    let context = ReconnectNeededMail {
        app: app_name(tx, &connection.app).await?,
        account: account(connection),
        workspace: workspace_name(tx, &connection.workspace_id).await?,
        workflows: workflow_names(tx, &workflows, Some(GateState::Paused)).await?,
        // This one says no more than that the grant is gone.
        code: connection
            .error
            .clone()
            .filter(|code| code != "invalid_grant"),
        console_url: connection_page(origin, connection),
    };
    Ok(to_agency(themed::Mail::ReconnectNeeded(context)))
}

/// `by` in the mail's data names who ended it; without a name it was ended at the provider.
async fn revoked(
    tx: &mut Tx,
    origin: &str,
    connection: &Connection,
    mail: &Mail,
) -> Result<Letter, StoreError> {
    let workflows = tx.workflows_of_connection(&connection.id).await?;
    let by = field(mail, "by");
    let context = RevokedMail {
        app: app_name(tx, &connection.app).await?,
        account: account(connection),
        workspace: workspace_name(tx, &connection.workspace_id).await?,
        by: (!by.is_empty()).then(|| by.to_owned()),
        at_provider: match connection.receipt.as_ref().map(|receipt| receipt.provider) {
            Some(ReceiptOutcome::Revoked) => AtProvider::Revoked,
            Some(ReceiptOutcome::Unsupported) => AtProvider::Unsupported,
            _ => AtProvider::Failed,
        },
        workflows: workflow_names(tx, &workflows, Some(GateState::Paused)).await?,
        console_url: connection_page(origin, connection),
    };
    Ok(to_agency(themed::Mail::Revoked(context)))
}

fn account(connection: &Connection) -> Option<String> {
    let account = connection.account.as_ref()?;
    Some(account.shown().to_owned())
}

fn connection_page(origin: &str, connection: &Connection) -> String {
    format!("{origin}/dashboard/connections/{}", connection.id)
}
