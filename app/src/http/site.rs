use axum::extract::FromRequestParts;
use http::{HeaderMap, Uri, header::HOST, request::Parts};
use latchkey_tenants::{Agency, AgencyStatus};
use latchkey_themes::Brand;

use super::page::PageError;
use crate::{
    brand::{brand, nobody},
    platform::Platform,
};

/// The agency whose host was asked, and that host. Nothing else says which agency a page belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub agency: Agency,
    pub host: String,
    pub brand: Brand,
}

impl Site {
    pub async fn of(host: &str, platform: &Platform) -> Result<Self, PageError> {
        let stranger = || PageError::unknown_host(nobody(host, &platform.urls));
        let slug = platform.urls.agency_slug(host).ok_or_else(stranger)?;
        let mut tx = platform.store.read_platform().await?;
        let agency = tx.agency_by_slug(&slug).await?.ok_or_else(stranger)?;
        let brand = brand(&agency, &platform.urls);
        if agency.status == AgencyStatus::Suspended {
            return Err(PageError::suspended(brand));
        }
        Ok(Self {
            agency,
            host: host.to_owned(),
            brand,
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
