use axum::extract::State;
use http::StatusCode;
use latchkey_tenants::{
    SessionId,
    store::{Session, SignInMethod},
};
use latchkey_themes::page::{FormPage, PageForm, Row, Section};

use super::home::links;
use crate::{
    http::{PageError, PageResult, Respond, Segment},
    person::{Person, Sent, see_other},
    platform::Platform,
    sign_in::{form, page, section},
};

const PATH: &str = "/account/sessions";

/// `GET /account/sessions`: where one is signed in.
pub(super) async fn show(State(platform): State<Platform>, person: Person) -> PageResult {
    let mut tx = platform.store.read(&person.site.agency.id).await?;
    let sessions = tx.sessions_of(&person.member().id).await?;
    drop(tx);
    let rows = sessions.iter().map(|session| row(&person, session));
    let mut sections = vec![Section {
        rows: rows.collect(),
        ..Section::default()
    }];
    if sessions.len() > 1 {
        let others = PageForm {
            quiet: true,
            ..form(
                "/account/sessions/others/end",
                person.csrf(),
                Vec::new(),
                "End all others",
            )
        };
        sections.push(section(None, others));
    }
    let shown = FormPage {
        title: "Sessions".to_owned(),
        lead: vec!["Where you are signed in. End what you do not know.".to_owned()],
        sections,
        links: links(&person),
        ..FormPage::default()
    };
    Ok(page(
        &Respond::new(&platform, &person.site),
        StatusCode::OK,
        shown,
    ))
}

/// `POST /account/sessions/{session}/end`.
pub(super) async fn end(
    State(platform): State<Platform>,
    Segment(id): Segment,
    sent: Sent<Person>,
) -> PageResult {
    let id: SessionId = id.parse().map_err(|_| PageError::not_found())?;
    let member = sent.by.member();
    let mut tx = platform.store.begin(&sent.by.site.agency.id).await?;
    tx.session_end(&member.id, &id, &member.actor()).await?;
    tx.commit().await?;
    Ok(see_other(PATH))
}

/// `POST /account/sessions/others/end`.
pub(super) async fn end_others(State(platform): State<Platform>, sent: Sent<Person>) -> PageResult {
    let member = sent.by.member();
    let mut tx = platform.store.begin(&sent.by.site.agency.id).await?;
    tx.sessions_end_others(&member.id, &sent.by.session.id, &member.actor())
        .await?;
    tx.commit().await?;
    Ok(see_other(PATH))
}

fn row(person: &Person, session: &Session) -> Row {
    let here = session.id == person.session.id;
    let how = match session.method {
        SignInMethod::Mail => "by mail",
        SignInMethod::Invitation => "by invitation",
        SignInMethod::Password => "by password",
        SignInMethod::Passkey => "by passkey",
        SignInMethod::Oidc => "by the team's own provider",
    };
    let end = PageForm {
        quiet: true,
        ..form(
            &format!("{PATH}/{}/end", session.id),
            person.csrf(),
            Vec::new(),
            "End",
        )
    };
    Row {
        title: if here {
            format!("{} (this one)", session.browser)
        } else {
            session.browser.clone()
        },
        details: vec![
            format!("Since {} {how}, on {}", session.created_at, session.host),
            format!("Last used {}", session.last_seen_at),
        ],
        form: (!here).then_some(end),
    }
}
