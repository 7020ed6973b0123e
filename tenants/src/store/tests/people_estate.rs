//! A client, one of the staff, and something of theirs in every table about people.

use secrecy::SecretString;

use super::world::World;
use crate::{
    ActionError, MailKind, Member, PasskeyId, Role, SessionId,
    secret::JOIN_PREFIX,
    store::{
        Ceremony, Invitation, NewIdentityProvider, NewInvitation, NewPasskey, NewSession, Session,
        SignInMethod, SignInSecrets, Started,
    },
    totp,
    values::Email,
};

pub const HOST: &str = "ours.latchkey.example";
pub const CLIENT: &str = "jo@globex.example";

pub struct People {
    pub owner: Member,
    pub client: Member,
    /// Open.
    pub invitation: Invitation,
    pub join: SecretString,
    /// Of the client.
    pub session: SecretString,
    pub session_id: SessionId,
    pub passkey: PasskeyId,
    pub attempt: SecretString,
    pub sign_in: SignInSecrets,
    pub ceremony: SecretString,
    pub totp: SecretString,
}

impl People {
    pub async fn build(world: &World) -> Self {
        let owner = owner(world).await;
        let client = joined(world, CLIENT, Role::Client).await;
        let started = start(world, &client, SignInMethod::Mail, None).await;
        let invitation = invite(world, "new@ours.example", Role::Member)
            .await
            .unwrap();
        let join = mailed(world, MailKind::Invitation, "new@ours.example").await;
        let attempt = begin(world, CLIENT).await;
        let sign_in = mailed(world, MailKind::SignIn, CLIENT).await;
        let provider = NewIdentityProvider {
            issuer: "https://idp.example",
            client_id: "ours",
            client_secret: &SecretString::from("hush"),
        };
        let (passkey, ceremony, totp) = world
            .write(async |tx| {
                tx.identity_provider_put(provider, "staff").await?;
                let passkey = tx.passkey_add(passkey_of(&client)).await?;
                let state = SecretString::from("state");
                let ceremony = tx.ceremony_begin(Ceremony::Oidc, HOST, &state).await?;
                let totp = tx.totp_propose(&owner.id).await?.expect("a secret");
                let code = totp::code(&totp, tx.now()).unwrap();
                tx.totp_confirm(&owner, &code).await?.expect("backup codes");
                tx.password_set(&owner, Some("a hash")).await?;
                tx.address_ask(&client.email, HOST).await?;
                Ok::<_, ActionError>((passkey, ceremony, totp))
            })
            .await
            .unwrap();
        Self {
            session_id: session(world, &started.secret).await.unwrap().id,
            owner: member_now(world, &owner).await,
            client,
            invitation,
            join,
            session: started.secret,
            passkey,
            attempt,
            sign_in: serde_json::from_str(secrecy::ExposeSecret::expose_secret(&sign_in)).unwrap(),
            ceremony,
            totp,
        }
    }
}

pub fn passkey_of(member: &Member) -> NewPasskey<'_> {
    static NAME: std::sync::LazyLock<crate::values::Name> =
        std::sync::LazyLock::new(|| "Phone".parse().unwrap());
    NewPasskey {
        member,
        host: HOST,
        credential_id: "Y3JlZA",
        credential: "{}",
        name: &NAME,
    }
}

pub async fn owner(world: &World) -> Member {
    let email: Email = "owner@ours.example".parse().unwrap();
    let found = world
        .read(async |tx| tx.member_by_email(&email).await)
        .await;
    found.unwrap().expect("the owner")
}

pub async fn member_now(world: &World, member: &Member) -> Member {
    let found = world.read(async |tx| tx.member(&member.id).await).await;
    found.unwrap().expect("a member")
}

pub async fn invite(world: &World, email: &str, role: Role) -> Result<Invitation, ActionError> {
    let new = NewInvitation {
        email: email.parse().unwrap(),
        name: None,
        role,
        workspace_id: (role == Role::Client).then(|| world.workspace.id.clone()),
    };
    world
        .write(async |tx| tx.invitation_create(new, Role::Owner, "staff").await)
        .await
}

/// A person who took up an invitation.
pub async fn joined(world: &World, email: &str, role: Role) -> Member {
    invite(world, email, role).await.unwrap();
    let secret = mailed(world, MailKind::Invitation, email).await;
    assert!(
        crate::secret::parse_secret(JOIN_PREFIX, secrecy::ExposeSecret::expose_secret(&secret))
            .is_some()
    );
    world
        .write(async |tx| tx.invitation_accept(&secret, None).await)
        .await
        .unwrap()
}

pub async fn begin(world: &World, email: &str) -> SecretString {
    let email = email.parse().unwrap();
    world
        .write(async |tx| tx.sign_in_begin(&email, HOST).await)
        .await
        .unwrap()
}

/// What the newest mail of this kind to this address carries.
pub async fn mailed(world: &World, kind: MailKind, to: &str) -> SecretString {
    let sql = format!(
        "select id from mails where kind = '{kind}' and recipient = '{to}' order by id desc"
    );
    let super::raw::Cell::Text(id) = &world.sql(&sql).await[0][0] else {
        panic!("an id")
    };
    let id = id.parse().unwrap();
    let mail = world.read(async |tx| tx.mail(&id).await).await.unwrap();
    mail.unwrap().secret.expect("a secret")
}

pub async fn start(
    world: &World,
    member: &Member,
    method: SignInMethod,
    device: Option<&SecretString>,
) -> Started {
    let new = NewSession {
        member,
        host: HOST,
        method,
        browser: "Firefox on Linux",
        device,
        second_factor: false,
    };
    world
        .write(async |tx| tx.session_start(new).await)
        .await
        .unwrap()
}

pub async fn session(world: &World, secret: &SecretString) -> Option<Session> {
    world
        .read(async |tx| tx.session(secret).await)
        .await
        .unwrap()
}
