//! Mails to people about their own accounts.

use latchkey_tenants::{
    Agency, InvitationId, MailKind, Member, PageOf, Role, StoreError, Timestamp, Tx,
    store::{Mail, SignInSecrets},
};
use latchkey_themes::mail::{
    self as themed, InvitationMail, MyConnectionsMail, NewDeviceMail, RoleChangedMail, SignInMail,
};
use secrecy::ExposeSecret;

use super::content::{CAUSE_GONE, LINK_DEAD, Letter, field};
use crate::{person, portal, sign_in::inviter, urls::Urls};

/// Reads what such a mail says, as it is now. None: the mail is about something else.
pub(super) async fn letter(
    tx: &mut Tx,
    urls: &Urls,
    agency: &Agency,
    mail: &Mail,
) -> Result<Option<Letter>, StoreError> {
    Ok(Some(match mail.kind {
        MailKind::SignIn => sign_in(tx, urls, mail).await?,
        MailKind::MyConnections => my_connections(tx, urls, mail).await?,
        MailKind::Invitation => invitation(tx, urls, agency, mail).await?,
        MailKind::NewDevice => new_device(tx, urls, mail).await?,
        MailKind::RoleChanged => role_changed(tx, urls, agency, mail).await?,
        _ => return Ok(None),
    }))
}

/// Only somebody who is here gets one. That is found out here, where nobody waits for the answer.
async fn sign_in(tx: &mut Tx, urls: &Urls, mail: &Mail) -> Result<Letter, StoreError> {
    let Some(member) = tx.member_by_email(&mail.recipient).await? else {
        return Ok(Letter::Skip("nobody has this address here"));
    };
    let late = moment(mail, "expires_at").is_none_or(|end| tx.now() >= end);
    let secrets = mail.secret.as_ref();
    let secrets = secrets.and_then(|text| serde_json::from_str(text.expose_secret()).ok());
    let Some(SignInSecrets { link, code }) = secrets.filter(|_| !late) else {
        return Ok(LINK_DEAD);
    };
    let origin = urls.origin(field(mail, "host"));
    let (start, end) = code.split_at_checked(3).unwrap_or((&code, ""));
    let context = SignInMail {
        recipient_name: name(&member),
        link: format!("{origin}/sign-in/link/{link}"),
        code: format!("{start} {end}"),
        minutes: 15,
        device: None,
    };
    Ok(to(&member, themed::Mail::SignIn(context)))
}

/// Only somebody who has connected something gets one. That is found out here, where nobody waits for the answer.
async fn my_connections(tx: &mut Tx, urls: &Urls, mail: &Mail) -> Result<Letter, StoreError> {
    let first = PageOf {
        after: None,
        limit: 1,
    };
    let connected = tx.connections_of_address(&mail.recipient, &first).await?;
    if connected.is_empty() {
        return Ok(Letter::Skip("nothing was connected by way of this address"));
    }
    let end = moment(mail, "expires_at").filter(|end| tx.now() < *end);
    let (Some(secret), Some(end)) = (&mail.secret, end) else {
        return Ok(LINK_DEAD);
    };
    let origin = urls.origin(field(mail, "host"));
    let context = MyConnectionsMail {
        link: format!("{origin}{}/{}", portal::OWN_LINK, secret.expose_secret()),
        expires_at: end.date_time(),
    };
    Ok(Letter::Write {
        to_name: None,
        mail: themed::Mail::MyConnections(context),
    })
}

async fn invitation(
    tx: &mut Tx,
    urls: &Urls,
    agency: &Agency,
    mail: &Mail,
) -> Result<Letter, StoreError> {
    let (Ok(_), Some(secret)) = (
        field(mail, "invitation_id").parse::<InvitationId>(),
        &mail.secret,
    ) else {
        return Ok(LINK_DEAD);
    };
    let Some(invitation) = tx.invitation_by_secret(secret).await? else {
        return Ok(LINK_DEAD);
    };
    let workspace = match &invitation.workspace_id {
        Some(id) => tx.workspace(id).await?.map(|found| found.name.to_string()),
        None => None,
    };
    let origin = urls.origin(&urls.agency_host(agency));
    let context = InvitationMail {
        recipient_name: invitation.name.as_ref().map(ToString::to_string),
        inviter: inviter(tx, &invitation)
            .await?
            .unwrap_or_else(|| agency.name.to_string()),
        role: role(invitation.role),
        workspace: workspace.unwrap_or_default(),
        link: format!("{origin}/join/{}", secret.expose_secret()),
        expires_at: invitation.expires_at.date_time(),
    };
    Ok(Letter::Write {
        to_name: invitation.name.as_ref().map(ToString::to_string),
        mail: themed::Mail::Invitation(context),
    })
}

async fn new_device(tx: &mut Tx, urls: &Urls, mail: &Mail) -> Result<Letter, StoreError> {
    let Some(member) = member(tx, mail).await? else {
        return Ok(CAUSE_GONE);
    };
    let context = NewDeviceMail {
        recipient_name: name(&member),
        device: field(mail, "browser").to_owned(),
        place: None,
        at: moment(mail, "at").unwrap_or_else(|| tx.now()).date_time(),
        sessions_url: format!("{}/account/sessions", urls.origin(field(mail, "host"))),
    };
    Ok(to(&member, themed::Mail::NewDevice(context)))
}

async fn role_changed(
    tx: &mut Tx,
    urls: &Urls,
    agency: &Agency,
    mail: &Mail,
) -> Result<Letter, StoreError> {
    let (Some(member), Ok(now), Ok(before)) = (
        member(tx, mail).await?,
        field(mail, "role").parse::<Role>(),
        field(mail, "before").parse::<Role>(),
    ) else {
        return Ok(CAUSE_GONE);
    };
    let by = field(mail, "actor").strip_prefix("member:");
    let by = match by.and_then(|id| id.parse().ok()) {
        Some(id) => tx.member(&id).await?.and_then(|member| name(&member)),
        None => None,
    };
    let origin = urls.origin(&urls.agency_host(agency));
    let context = RoleChangedMail {
        recipient_name: name(&member),
        by: by.unwrap_or_else(|| agency.name.to_string()),
        previous: role(before),
        role: role(now),
        console_url: format!("{origin}{}", person::home(now)),
    };
    Ok(to(&member, themed::Mail::RoleChanged(context)))
}

async fn member(tx: &mut Tx, mail: &Mail) -> Result<Option<Member>, StoreError> {
    match field(mail, "member_id").parse() {
        Ok(id) => tx.member(&id).await,
        Err(_) => Ok(None),
    }
}

fn to(member: &Member, mail: themed::Mail) -> Letter {
    Letter::Write {
        to_name: name(member),
        mail,
    }
}

fn name(member: &Member) -> Option<String> {
    member.name.as_ref().map(ToString::to_string)
}

fn moment(mail: &Mail, name: &str) -> Option<Timestamp> {
    mail.data.get(name)?.as_i64().map(Timestamp)
}

fn role(role: Role) -> themed::Role {
    match role {
        Role::Owner => themed::Role::Owner,
        Role::Admin => themed::Role::Admin,
        Role::Member => themed::Role::Member,
        Role::Client => themed::Role::Client,
    }
}
