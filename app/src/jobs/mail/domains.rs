//! Mails to an agency about its domains.

use latchkey_tenants::{DomainCause, DomainState, MailKind, StoreError, Tx, store::Mail};
use latchkey_themes::mail::{self as themed, DomainDriftedMail, DomainFault, DomainLiveMail};

use super::content::{CAUSE_GONE, Letter, field, to_agency};

const CHANGED: Letter = Letter::Skip("the domain has changed again since");

/// Reads what such a mail says, as it is now.
pub(super) async fn letter(tx: &mut Tx, origin: &str, mail: &Mail) -> Result<Letter, StoreError> {
    let domain = match field(mail, "domain_id").parse() {
        Ok(id) => tx.domain(&id).await?,
        Err(_) => None,
    };
    let Some(domain) = domain else {
        return Ok(CAUSE_GONE);
    };
    let console_url = format!("{origin}/dashboard/domains/{}", domain.id);
    let host = domain.host.to_string();
    Ok(match (mail.kind, domain.state) {
        (MailKind::DomainLive, DomainState::Live) => {
            to_agency(themed::Mail::DomainLive(DomainLiveMail {
                host,
                console_url,
            }))
        }
        (MailKind::DomainDrifted, DomainState::Drifted) => {
            to_agency(themed::Mail::DomainDrifted(DomainDriftedMail {
                host,
                fault: fault(domain.cause),
                console_url,
            }))
        }
        _ => CHANGED,
    })
}

fn fault(cause: Option<DomainCause>) -> DomainFault {
    match cause {
        Some(DomainCause::NoRecord | DomainCause::DoubledZone) => DomainFault::NoRecord,
        Some(DomainCause::DnsAway | DomainCause::DnssecBroken | DomainCause::ResolverFailed) => {
            DomainFault::Unreadable
        }
        _ => DomainFault::Elsewhere,
    }
}
