use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use axum::extract::FromRequestParts;
use http::{
    HeaderMap, Uri,
    header::{ACCEPT_LANGUAGE, HOST},
    request::Parts,
};
use latchkey_tenants::{
    Agency, AgencyId, AgencyStatus, PlatformTx, StoreError, Timestamp, values::Host,
};
use latchkey_themes::Brand;

use super::{language::language, page::PageError};
use crate::{
    brand::{brand, nobody},
    platform::Platform,
    themes::AgencyTheme,
    urls::Urls,
};

/// The agency whose host was asked, and that host. Nothing else says which agency a page belongs to.
#[derive(Clone)]
pub(crate) struct Site {
    pub agency: Arc<Agency>,
    pub host: String,
    pub brand: Arc<Brand>,
    pub theme: AgencyTheme,
    /// The language for whoever asked.
    pub locale: String,
    /// Where redirect URIs are, by app; none: on the agency's first host.
    redirect_hosts: Arc<BTreeMap<String, Option<Host>>>,
}

/// The agencies whose pages were asked for in the last second: a page does not read who it belongs to each time. So a new
/// name, colour or status shows after a second at most.
#[derive(Default)]
pub(crate) struct Sites(RwLock<HashMap<String, (Timestamp, Site)>>);

const REMEMBERED_FOR: Duration = Duration::from_secs(1);
/// When more are known the memory is emptied: reading an agency costs microseconds.
const REMEMBERED: usize = 4096;

impl Sites {
    fn remembered(&self, host: &str, now: Timestamp) -> Option<Site> {
        let sites = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let (since, site) = sites.get(host)?;
        (now >= *since && now < since.plus(REMEMBERED_FOR)).then(|| site.clone())
    }

    fn remember(&self, site: &Site, now: Timestamp) {
        let mut sites = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if sites.len() >= REMEMBERED {
            sites.clear();
        }
        sites.insert(site.host.clone(), (now, site.clone()));
    }

    /// Something of the agency changed that its next page should show.
    pub fn forget(&self, agency: &AgencyId) {
        let mut sites = self.0.write().unwrap_or_else(PoisonError::into_inner);
        sites.retain(|_, (_, site)| site.agency.id != *agency);
    }
}

impl Site {
    pub async fn of(host: &str, platform: &Platform) -> Result<Self, PageError> {
        let now = platform.now();
        if let Some(site) = platform.sites.remembered(host, now) {
            return Ok(site);
        }
        let site = Self::read(host, platform).await?;
        platform.sites.remember(&site, now);
        Ok(site)
    }

    async fn read(host: &str, platform: &Platform) -> Result<Self, PageError> {
        let mut tx = platform.store.read_platform().await?;
        let Some(agency) = agency_of(&mut tx, host, &platform.urls).await? else {
            return Err(PageError::unknown_host(nobody(host, &platform.urls)));
        };
        let brand = brand(&agency, host, &platform.urls);
        if agency.status == AgencyStatus::Suspended {
            return Err(PageError::suspended(brand));
        }
        let redirect_hosts = tx.redirect_hosts(&agency.id).await?;
        drop(tx);
        let theme = AgencyTheme::of(platform, &agency.id, agency.theme.as_deref()).await?;
        Ok(Self {
            locale: theme.theme.locale(&agency.locale).to_owned(),
            theme,
            agency: Arc::new(agency),
            host: host.to_owned(),
            brand: Arc::new(brand),
            redirect_hosts: Arc::new(redirect_hosts),
        })
    }

    /// The origins of the agency's other hosts that a flow of these apps may pass on its way to the provider. The primary host
    /// is always among them: a redirect URI may move there while a page is open. The first host, which names the platform, is
    /// there only while one of these apps needs it.
    pub fn hop_origins<'a>(&self, apps: impl Iterator<Item = &'a str>, urls: &Urls) -> Vec<String> {
        let registered = apps.filter_map(|app| self.redirect_hosts.get(app));
        let mut hosts: BTreeSet<String> = registered
            .map(|host| urls.host_or_first(&self.agency, host.as_ref()))
            .collect();
        hosts.insert(urls.agency_host(&self.agency));
        hosts.remove(&self.host);
        hosts.iter().map(|host| urls.origin(host)).collect()
    }
}

/// `{slug}.{platform host}`, or a host that the agency has proven to be its own. The edge routes no other host here, but its
/// word is not taken for it (T2).
async fn agency_of(
    tx: &mut PlatformTx,
    host: &str,
    urls: &Urls,
) -> Result<Option<Agency>, StoreError> {
    if urls.is_platform(host) {
        return match urls.agency_slug(host) {
            Some(slug) => tx.agency_by_slug(&slug).await,
            None => Ok(None),
        };
    }
    match host.parse::<Host>() {
        Ok(known) if known.as_str() == host => tx.agency_by_host(&known).await,
        _ => Ok(None),
    }
}

impl FromRequestParts<Platform> for Site {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, platform: &Platform) -> Result<Self, PageError> {
        let host = host(&parts.headers, &parts.uri).unwrap_or_default();
        let mut site = Self::of(&host, platform).await?;
        let accepted = parts.headers.get(ACCEPT_LANGUAGE);
        site.locale = language(accepted, &site.theme.theme, &site.agency.locale);
        Ok(site)
    }
}

/// The host that was asked, in lower case, without its port and without a dot at the end.
pub(crate) fn host(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let mut all = headers.get_all(HOST).iter();
    let (first, second) = (all.next(), all.next());
    let named = match first {
        Some(value) => Some(bare(value.to_str().ok()?)),
        None => None,
    };
    // HTTP/2 and the absolute form have it in the address too.
    match (uri.host().map(bare), named) {
        _ if second.is_some() => None,
        (Some(one), Some(other)) => (one == other).then_some(one),
        (one, other) => one.or(other),
    }
}

fn bare(text: &str) -> String {
    let name = text
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let name = name.map_or(text, |(name, _)| name);
    name.trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(hosts: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(HOST, HeaderValue::from_str(host).unwrap());
        }
        host(&headers, &Uri::from_static("/"))
    }

    #[test]
    fn the_host_is_read_without_port_case_and_dot() {
        assert_eq!(of(&["A1.Localhost:8080"]).as_deref(), Some("a1.localhost"));
        assert_eq!(of(&["a1.localhost."]).as_deref(), Some("a1.localhost"));
        assert_eq!(of(&[]), None);
        assert_eq!(of(&["a", "b"]), None, "two hosts are none");
    }

    #[test]
    fn t2_an_address_and_a_header_that_name_two_hosts_name_none() {
        let address = Uri::from_static("http://a1.localhost:8080/x");
        let mut headers = HeaderMap::new();
        assert_eq!(host(&headers, &address).as_deref(), Some("a1.localhost"));
        headers.insert(HOST, HeaderValue::from_static("A1.localhost."));
        assert_eq!(host(&headers, &address).as_deref(), Some("a1.localhost"));
        headers.insert(HOST, HeaderValue::from_static("b2.localhost"));
        assert_eq!(host(&headers, &address), None);
    }
}
