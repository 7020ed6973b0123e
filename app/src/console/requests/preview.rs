//! The link page and the mail as the client would see them, for the frame beside the composer.

use http::StatusCode;
use latchkey_tenants::{Item, Request, Tx, store::Surroundings};
use latchkey_themes::{Mail, Page, PageChrome};
use minijinja::HtmlEscape;

use super::{
    compose::around_of,
    draft::{Around, Draft},
};
use crate::{
    brand::brand,
    console::{Desk, refusal},
    failure::chain,
    http::{PageError, PageResult, Policy, Query, dress},
    jobs::request_mail,
    link::draft_page,
    person::{Sent, Work},
};

/// `POST /dashboard/requests/preview/page`.
pub(super) async fn page(sent: Sent<Desk<Work>>) -> PageResult {
    let (desk, mut tx) = (&sent.by, sent.by.read().await?);
    let (draft, around) = match draft(&mut tx, &sent.fields).await? {
        Ok(draft) => draft,
        Err(wrong) => return Ok(framed(desk, "", nothing(&wrong))),
    };
    let (platform, site) = (desk.platform(), &desk.person().site);
    let chosen = draft.language.as_ref().map(|language| language.as_str());
    let locale = site.theme.theme.locale(chosen.unwrap_or(&site.locale));
    let page = draft_page(&mut tx, &draft, &around, locale).await?;
    drop(tx);
    let nonce = platform.entropy.short_token();
    let chrome = PageChrome {
        nonce: &nonce,
        locale,
        live: false,
    };
    let page = Page::Connect(page);
    let html = site.theme.page(platform, &site.brand, &page, &chrome);
    let html = html.map_err(|error| unwritten(&error))?;
    let style = format!(" 'nonce-{nonce}'");
    Ok(framed(desk, &style, html))
}

/// `POST /dashboard/requests/preview/mail`.
pub(super) async fn mail(sent: Sent<Desk<Work>>) -> PageResult {
    let (desk, mut tx) = (&sent.by, sent.by.read().await?);
    let (draft, _) = match draft(&mut tx, &sent.fields).await? {
        Ok(draft) => draft,
        Err(wrong) => return Ok(framed(desk, "", nothing(&wrong))),
    };
    let (platform, site) = (desk.platform(), &desk.person().site);
    let host = platform.urls.agency_host(&site.agency);
    let link = format!("{}/connect/preview", platform.urls.origin(&host));
    let items: Vec<&Item> = draft.items.iter().collect();
    let end = draft.expires_at.unwrap_or(draft.created_at);
    let chosen = draft.language.as_ref().map(|language| language.as_str());
    let locale = chosen.unwrap_or(&site.agency.locale);
    let locale = site.theme.theme.locale(locale);
    let mail = Mail::Request(request_mail(&mut tx, &draft, &items, &link, end, locale).await?);
    drop(tx);
    let brand = brand(&site.agency, &host, &platform.urls);
    let mail = site.theme.mail(platform, &brand, &mail, locale);
    let mail = mail.map_err(|error| unwritten(&error))?;
    // Mail programs know no style sheets, so mails carry their styles inline.
    Ok(framed(desk, " 'unsafe-inline'", mail.html))
}

/// Or why there is nothing to show yet.
async fn draft(
    tx: &mut Tx,
    fields: &Query,
) -> Result<Result<(Request, Surroundings), String>, PageError> {
    let around: Around = around_of(tx, fields).await?;
    let new = match Draft::of(fields).sample(&around) {
        Ok(new) => new,
        Err(wrong) => return Ok(Err(wrong)),
    };
    let draft = match tx.request_draft(new).await {
        Ok(draft) => draft,
        Err(error) => return Ok(Err(refusal(error)?)),
    };
    let waits = |id: &_| {
        let mut slots = draft.items.iter().flat_map(|item| &item.slots);
        slots.any(|slot| slot.workflow_id == *id)
    };
    let waiting = around
        .workflows
        .iter()
        .filter(|workflow| waits(&workflow.id));
    let mut workflows: Vec<_> = waiting.map(|workflow| workflow.name.clone()).collect();
    workflows.sort();
    workflows.dedup();
    let around = Surroundings {
        workspace: around.workspace.name,
        workflows,
        accounts: Default::default(),
    };
    Ok(Ok((draft, around)))
}

fn nothing(wrong: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><title>Preview</title>\
         <p>{}</p><p>Then you see here what the client will see.</p></html>",
        HtmlEscape(wrong)
    )
}

fn framed(desk: &Desk<Work>, style: &str, html: String) -> axum::response::Response {
    let person = desk.person();
    let policy = Policy::framed(&person.site.brand.origin, style);
    dress(StatusCode::OK, html, &policy)
}

fn unwritten(error: &latchkey_themes::RenderError) -> PageError {
    tracing::warn!(error = %chain(error), "a preview could not be written");
    PageError::bad_form()
}
