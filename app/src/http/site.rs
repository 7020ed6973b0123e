use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use axum::extract::FromRequestParts;
use http::{HeaderMap, Uri, header::HOST, request::Parts};
use latchkey_tenants::{Agency, AgencyStatus, Timestamp};
use latchkey_themes::Brand;

use super::page::PageError;
use crate::{
    brand::{brand, nobody},
    platform::Platform,
};

/// The agency whose host was asked, and that host. Nothing else says which agency a page belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub agency: Arc<Agency>,
    pub host: String,
    pub brand: Arc<Brand>,
}

/// The agencies whose pages were asked for in the last second: a page does not read who it belongs to each time. So a new
/// name, colour or status shows after a second at most.
#[derive(Debug, Default)]
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
        let stranger = || PageError::unknown_host(nobody(host, &platform.urls));
        let slug = platform.urls.agency_slug(host).ok_or_else(stranger)?;
        let mut tx = platform.store.read_platform().await?;
        let agency = tx.agency_by_slug(&slug).await?.ok_or_else(stranger)?;
        let brand = brand(&agency, &platform.urls);
        if agency.status == AgencyStatus::Suspended {
            return Err(PageError::suspended(brand));
        }
        Ok(Self {
            agency: Arc::new(agency),
            host: host.to_owned(),
            brand: Arc::new(brand),
        })
    }
}

impl FromRequestParts<Platform> for Site {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, platform: &Platform) -> Result<Self, PageError> {
        Self::of(
            &host(&parts.headers, &parts.uri).unwrap_or_default(),
            platform,
        )
        .await
    }
}

/// The host that was asked, in lower case, without its port and without a dot at the end.
pub(crate) fn host(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let mut all = headers.get_all(HOST).iter();
    let text = match (uri.host(), all.next(), all.next()) {
        (_, Some(_), Some(_)) => return None,
        (Some(host), _, _) => host,
        (None, Some(value), None) => value.to_str().ok()?,
        (None, None, None) => return None,
        (None, None, Some(_)) => return None,
    };
    let name = text
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let name = name.map_or(text, |(name, _)| name);
    Some(name.trim_end_matches('.').to_ascii_lowercase())
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
}
