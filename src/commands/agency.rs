use crate::cli::{Agency as AgencyCommand, NewAgency as Options};
use crate::commands::{CommandError, Result, answer, block_on, store};
use crate::settings::Settings;
use latchkey_tenants::values::{Email, Host, Name, Slug};
use latchkey_tenants::{
    Agency, AgencyStatus, ApiKeyId, KeyScope, NewAgency, PageOf, Role, Store, edge_name,
};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

/// Calm and legible on white; the agency's own colour replaces it.
const FIRST_COLOUR: &str = "#3a5a8c";
const FIRST_KEY_NAME: &str = "First key";

pub fn run(settings: &Settings, command: AgencyCommand) -> Result<()> {
    block_on(async {
        let store = store::open(settings).await?;
        match command {
            AgencyCommand::Create(options) => create(settings, &store, options).await,
            AgencyCommand::List => list(&store).await,
            AgencyCommand::Suspend(one) => {
                set_status(&store, &one.slug, AgencyStatus::Suspended).await
            }
            AgencyCommand::Resume(one) => set_status(&store, &one.slug, AgencyStatus::Active).await,
            AgencyCommand::Keys(one) => keys(&store, &one.slug).await,
            AgencyCommand::RevokeKey(one) => revoke_key(&store, &one.slug, &one.key).await,
            AgencyCommand::ResetSecondStep(one) => {
                reset_second_step(&store, &one.slug, &one.email).await
            }
        }
    })
}

/// What programs read from standard output.
#[derive(Serialize)]
struct Created<'a> {
    agency_id: &'a str,
    slug: &'a str,
    host: &'a str,
    api_key: &'a str,
    sign_in_url: &'a str,
}

async fn create(settings: &Settings, store: &Store, options: Options) -> Result<()> {
    let platform_host = settings.platform_host()?;
    let new = NewAgency {
        slug: options.slug,
        name: options.name,
        owner_email: options.owner_email,
        support_email: None,
        brand_color: FIRST_COLOUR.to_owned(),
    };
    let agency = store
        .agency_create(new)
        .await
        .map_err(CommandError::because("cannot create the agency"))?;
    let host = first_host(store, &agency, platform_host.as_str()).await?;
    let api_key = first_key(store, &agency).await?;

    let created = Created {
        agency_id: agency.id.as_str(),
        slug: agency.slug.as_str(),
        host: host.as_str(),
        api_key: api_key.expose_secret(),
        sign_in_url: &format!("{}/sign-in", settings.public_origin.of(host.as_str())),
    };
    let line = serde_json::to_string(&created)
        .map_err(CommandError::because("cannot write the answer"))?;
    answer(&line)
}

/// `{slug}.{platform host}`, which the edges serve from now on.
async fn first_host(store: &Store, agency: &Agency, platform_host: &str) -> Result<Host> {
    let host = edge_name(&agency.slug, platform_host).ok_or_else(|| {
        CommandError::new("slug and platform host together are too long for a host name")
    })?;
    let failed = "the agency was created without its host; an edge will add it";
    let mut tx = store
        .begin(&agency.id)
        .await
        .map_err(CommandError::because(failed))?;
    tx.domain_add_platform(&host)
        .await
        .map_err(CommandError::because(failed))?;
    tx.commit().await.map_err(CommandError::because(failed))?;
    Ok(host)
}

async fn first_key(store: &Store, agency: &Agency) -> Result<SecretString> {
    let failed = "the agency exists, but its API key could not be made";
    let name: Name = FIRST_KEY_NAME
        .parse()
        .map_err(CommandError::because(failed))?;
    let mut tx = store
        .begin(&agency.id)
        .await
        .map_err(CommandError::because(failed))?;
    let (_, secret) = tx
        .api_key_create(&name, KeyScope::ALL, "operator")
        .await
        .map_err(CommandError::because(failed))?;
    tx.commit().await.map_err(CommandError::because(failed))?;
    Ok(secret)
}

async fn list(store: &Store) -> Result<()> {
    let failed = "cannot read the agencies";
    let mut tx = store
        .read_platform()
        .await
        .map_err(CommandError::because(failed))?;
    for agency in tx.agencies().await.map_err(CommandError::because(failed))? {
        answer(&format!(
            "{}\t{}\t{}",
            agency.slug,
            agency.status.as_str(),
            agency.name
        ))?;
    }
    Ok(())
}

async fn named(store: &Store, slug: &Slug) -> Result<Agency> {
    let failed = "cannot read the agencies";
    let mut platform = store
        .read_platform()
        .await
        .map_err(CommandError::because(failed))?;
    let found = platform
        .agency_by_slug(slug)
        .await
        .map_err(CommandError::because(failed))?;
    found.ok_or_else(|| CommandError::new(format!("there is no agency `{slug}`")))
}

async fn keys(store: &Store, slug: &Slug) -> Result<()> {
    let agency = named(store, slug).await?;
    let failed = "cannot read the agency's keys";
    let mut page = PageOf {
        after: None,
        limit: 100,
    };
    loop {
        let mut tx = store
            .read(&agency.id)
            .await
            .map_err(CommandError::because(failed))?;
        let found = tx
            .api_keys("", &page)
            .await
            .map_err(CommandError::because(failed))?;
        for key in &found {
            let used = key.last_used_at;
            let used = used.map_or_else(|| "never".to_owned(), |at| at.to_string());
            answer(&format!("{}\t{used}\t{}", key.id, key.name))?;
        }
        match found.last() {
            Some(last) => page.after = Some(last.id.clone()),
            None => return Ok(()),
        }
    }
}

async fn revoke_key(store: &Store, slug: &Slug, key: &ApiKeyId) -> Result<()> {
    let agency = named(store, slug).await?;
    let failed = "cannot revoke the key";
    let mut tx = store
        .begin(&agency.id)
        .await
        .map_err(CommandError::because(failed))?;
    let name = tx
        .api_key_revoke(key, "operator")
        .await
        .map_err(CommandError::because(failed))?;
    tx.commit().await.map_err(CommandError::because(failed))?;
    tracing::info!(%slug, %key, %name, "the key opens nothing any more");
    Ok(())
}

async fn reset_second_step(store: &Store, slug: &Slug, email: &Email) -> Result<()> {
    let agency = named(store, slug).await?;
    let failed = "cannot reset the second step";
    let mut tx = store
        .begin(&agency.id)
        .await
        .map_err(CommandError::because(failed))?;
    let member = tx
        .member_by_email(email)
        .await
        .map_err(CommandError::because(failed))?
        .ok_or_else(|| CommandError::new(format!("nobody at `{slug}` has the address {email}")))?;
    tx.totp_reset(&member.id, Role::Owner, "operator")
        .await
        .map_err(CommandError::because(failed))?;
    tx.commit().await.map_err(CommandError::because(failed))?;
    tracing::info!(%slug, member = %member.id, "signs in without a second step until a new one is set up");
    Ok(())
}

async fn set_status(store: &Store, slug: &Slug, status: AgencyStatus) -> Result<()> {
    let failed = "cannot change the agency";
    let agency = named(store, slug).await?;
    if agency.status == status {
        tracing::info!(%slug, status = status.as_str(), "nothing to change");
        return Ok(());
    }
    let mut tx = store
        .begin(&agency.id)
        .await
        .map_err(CommandError::because(failed))?;
    tx.agency_set_status(status)
        .await
        .map_err(CommandError::because(failed))?;
    tx.commit().await.map_err(CommandError::because(failed))?;
    tracing::info!(%slug, status = status.as_str(), "agency changed");
    Ok(())
}
