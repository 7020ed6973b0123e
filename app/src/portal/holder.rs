use http::HeaderMap;
use latchkey_tenants::{
    ItemId, Request, StoreError, Tx,
    store::{FlowTrace, Session, SessionStage},
};
use secrecy::SecretString;

use crate::{
    http::PageError,
    http::{Query, Site, cookie},
    link::{Holder, ItemForm, Opened},
    person::{Client, SESSION_COOKIE, Sent},
    platform::Platform,
};

/// The client who started a flow in the portal, if this is their browser and what it is about still theirs.
pub(crate) async fn holder(
    tx: &mut Tx,
    site: &Site,
    headers: &HeaderMap,
    trace: &FlowTrace,
) -> Result<Option<Opened>, StoreError> {
    let Some(secret) = cookie(headers, SESSION_COOKIE) else {
        return Ok(None);
    };
    let found = tx.session(&secret).await?;
    let session = found.filter(|session| {
        session.host == site.host
            && session.stage == SessionStage::Full
            && !session.member.role.is_staff()
    });
    let (Some(session), Some(request)) = (session, tx.request(&trace.request_id).await?) else {
        return Ok(None);
    };
    let member = &session.member;
    let theirs = match &trace.connection_id {
        Some(id) => {
            let connection = tx.connection(id).await?;
            connection.is_some_and(|one| one.member_id.as_ref() == Some(&member.id))
        }
        None => request.is_for(member) && request.can_be_opened(tx.now()),
    };
    Ok(theirs.then(|| opened(session, secret, request)))
}

pub(super) fn opened(session: Session, secret: SecretString, request: Request) -> Opened {
    Opened {
        by: Holder::Member(Box::new(session)),
        secret,
        request,
    }
}

/// A form about one item of a request that is this client's and open to them.
pub(super) async fn item_form(
    platform: &Platform,
    item: ItemId,
    sent: Sent<Client>,
) -> Result<ItemForm, PageError> {
    let person = sent.by.person;
    let mut tx = platform.store.begin(&person.site.agency.id).await?;
    let request = tx.request_of_item(&item).await?;
    let now = tx.now();
    let request =
        request.filter(|request| request.is_for(person.member()) && request.can_be_opened(now));
    let request = request.ok_or_else(PageError::not_found)?;
    Ok(form(person, item, request, sent.fields, tx))
}

pub(super) fn form(
    person: crate::person::Person,
    item: ItemId,
    request: Request,
    fields: Query,
    tx: Tx,
) -> ItemForm {
    ItemForm {
        item,
        opened: opened(person.session, person.secret, request),
        site: person.site,
        fields,
        tx,
    }
}
