use http::StatusCode;
use latchkey_tenants::{
    EventType, Item, MailKind, NewEvent, Request, StoreError, Tx, store::NewMail,
};
use latchkey_themes::{Page, mail::AppFault, page::AppUnavailable};

use crate::{
    http::{PageResult, Respond, Site},
    link::Opened,
    platform::Platform,
};

/// The agency's OAuth client for an app does not work: the client is told to let the agency know, and the agency gets an
/// event, and a mail the first time this request runs into it.
pub(super) async fn unavailable(
    platform: &Platform,
    site: &Site,
    mut tx: Tx,
    opened: &Opened,
    item: &Item,
    reason: &str,
    fault: AppFault,
) -> PageResult {
    let request = &opened.request;
    let app = tx
        .app(&item.app)
        .await?
        .map_or_else(|| item.app.clone(), |app| app.name.clone());
    tell_agency(platform, site, &mut tx, request, item, reason, fault).await?;
    tx.commit().await?;
    platform.changed(&site.agency.id);
    let page = AppUnavailable {
        app,
        back_path: opened.page_of(&item.id),
    };
    Ok(Respond::new(platform, site)
        .speaking(request.language.as_ref())
        .page(StatusCode::SERVICE_UNAVAILABLE, &Page::AppUnavailable(page)))
}

async fn tell_agency(
    platform: &Platform,
    site: &Site,
    tx: &mut Tx,
    request: &Request,
    item: &Item,
    reason: &str,
    fault: AppFault,
) -> Result<(), StoreError> {
    let client = tx.oauth_client(&item.app).await?;
    let redirect_uri = client.map(|client| {
        let host = client.redirect_host.as_ref();
        let host = platform.urls.host_or_first(&site.agency, host);
        platform.urls.redirect_uri(&host, &client.ctx)
    });
    let data = serde_json::json!({ "request_id": request.id, "reason": reason, "redirect_uri": redirect_uri });
    // Takes the agency's turn, so that two attempts at once do not write two mails.
    tx.record(NewEvent {
        kind: EventType::AppUnavailable,
        actor: "system",
        subject: &item.app,
        data,
    })
    .await?;
    let told = tx.mails_of(&request.id).await?;
    let told = told
        .iter()
        .any(|mail| mail.kind == MailKind::AppFailed && mail.data["app"] == item.app);
    let Some(contact) = tx.agency_contact().await?.filter(|_| !told) else {
        return Ok(());
    };
    let data = serde_json::json!({
        "app": item.app, "request_id": request.id, "fault": fault,
        "redirect_uri": redirect_uri.unwrap_or_default(),
    });
    tx.mail_enqueue(NewMail {
        kind: MailKind::AppFailed,
        request_id: Some(&request.id),
        recipient: &contact,
        secret: None,
        data,
    })
    .await
}
