//! The certificate authorities: what each says in its directory, beside what is set.

use super::{PATIENCE, Report, with_causes};
use crate::commands::{Result, edge};
use crate::settings::{Setting, Settings};
use latchkey_proxy::acme::{AcmeHttp, Directory, Eab, Issuer, Ledger};
use latchkey_tenants::{Store, SystemClock, SystemEntropy};
use secrecy::ExposeSecret;
use std::sync::Arc;
use url::Url;

/// An authority's place in the settings.
struct Named {
    part: &'static str,
    issuer: Setting,
    eab: [Setting; 2],
}

const FIRST: Named = Named {
    part: "certificates",
    issuer: Setting::Issuer,
    eab: [Setting::AcmeEabKid, Setting::AcmeEabKey],
};
const SECOND: Named = Named {
    part: "second issuer",
    issuer: Setting::SecondIssuer,
    eab: [Setting::SecondAcmeEabKid, Setting::SecondAcmeEabKey],
};

pub async fn check_issuers(settings: &Settings, report: &mut Report) -> Result<()> {
    let http = match client(settings) {
        Ok(http) => http,
        Err(why) => {
            report.failed("acme root", why)?;
            return report.absent(FIRST.part, "not asked without the root certificate");
        }
    };
    if let Some(root) = &settings.acme_root {
        report.ok("acme root", root.display())?;
    }
    for (named, issuer) in [FIRST, SECOND].iter().zip(edge::issuers(settings)) {
        check_acme(settings, &http, named, &issuer, report).await?;
    }
    Ok(())
}

fn client(settings: &Settings) -> std::result::Result<AcmeHttp, String> {
    let roots = edge::acme_roots(settings).map_err(|error| with_causes(&error))?;
    AcmeHttp::new(roots.as_deref(), PATIENCE, Arc::new(SystemClock))
        .map_err(|error| with_causes(&error))
}

async fn check_acme(
    settings: &Settings,
    http: &AcmeHttp,
    named: &Named,
    issuer: &Issuer,
    report: &mut Report,
) -> Result<()> {
    let Issuer::Acme {
        directory: url,
        contact,
        eab,
        profile,
        ..
    } = issuer
    else {
        return report.ok(named.part, "a local authority, for development");
    };
    let host = Url::parse(url).ok();
    let host = host.as_ref().and_then(Url::host_str).unwrap_or_default();
    let directory = match Directory::ask(http, url).await {
        Ok(directory) => directory,
        Err(refusal) => {
            let [issuer, root] = [named.issuer, Setting::AcmeRoot].map(Setting::variable);
            let why = format!(
                "{host}: {refusal}; look at {issuer}, at {root} if the authority is a private one, and at the way out of this machine"
            );
            return report.failed(named.part, why);
        }
    };
    let account = match eab {
        Some(eab) => Ok(external(eab)),
        None if directory.wants_external_account && !has_account(settings, url).await => {
            Err(format!("{host} {}", missing_account(named)))
        }
        None => Ok(contact.as_ref().map_or_else(
            || "no contact".to_owned(),
            |contact| format!("contact {contact}"),
        )),
    };
    let answers = account.map(|account| format!("{host} answers; {account}"));
    report.outcome(named.part, answers)?;
    match profile {
        None => Ok(()),
        Some(profile) if directory.profiles.contains(profile) => {
            report.ok("acme profile", format!("{host} offers {profile}"))
        }
        Some(profile) => report.absent(
            "acme profile",
            format!("{host} {}", unknown_profile(profile, &directory.profiles)),
        ),
    }
}

/// One that was made while the key of an external account was set goes on without it.
async fn has_account(settings: &Settings, directory: &str) -> bool {
    let store = Store::for_edge(
        settings.database_url.expose_secret(),
        Arc::new(SystemClock),
        Arc::new(SystemEntropy::new()),
    );
    match store {
        Ok(store) => matches!(store.account(directory).await, Ok(Some(_))),
        Err(_) => false,
    }
}

fn external(eab: &Eab) -> String {
    let bytes = eab.key.expose_secret().len();
    format!("external account {}, key of {bytes} bytes", eab.key_id)
}

fn missing_account(named: &Named) -> String {
    let [kid, key] = named.eab.map(Setting::variable);
    format!("wants an external account: make one there and set {kid} and {key}")
}

fn unknown_profile(profile: &str, offered: &[String]) -> String {
    let offered = match offered {
        [] => "it has no profiles".to_owned(),
        offered => format!("it has {}", offered.join(", ")),
    };
    let variable = Setting::AcmeProfile.variable();
    format!(
        "does not offer {profile}, so none is asked for; {offered}: correct {variable} or leave it out"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_wants_an_external_account_is_told_of_with_the_settings_of_that_issuer() {
        assert_eq!(
            missing_account(&SECOND),
            "wants an external account: make one there and set LATCHKEY_SECOND_ACME_EAB_KID and LATCHKEY_SECOND_ACME_EAB_KEY"
        );
        assert!(missing_account(&FIRST).contains("set LATCHKEY_ACME_EAB_KID and"));
    }

    #[test]
    fn a_profile_that_is_not_offered_is_named_with_those_that_are() {
        let offered = ["classic".to_owned(), "shortlived".to_owned()];
        let said = unknown_profile("tlsserver", &offered);
        assert!(said.starts_with("does not offer tlsserver"), "{said}");
        assert!(said.contains("it has classic, shortlived:"), "{said}");
        assert!(unknown_profile("tlsserver", &[]).contains("it has no profiles"));
    }
}
