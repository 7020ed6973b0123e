use latchkey_tenants::{
    Agency, PREVIEW_SLUG, RequestId, WorkflowId,
    values::{Host, Slug},
};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// How hosts and addresses of this installation are written.
#[derive(Clone, Debug)]
pub struct Urls {
    platform_host: String,
    /// With `{host}` where the host goes, no slash at the end.
    public_origin: String,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the public origin must be like https://{{host}} or http://{{host}}:8080, without a path")]
pub struct UrlsError;

impl Urls {
    /// `platform_host` in lower case without a port; `public_origin` such as `https://{host}`.
    pub fn new(platform_host: &str, public_origin: &str) -> Result<Self, UrlsError> {
        let urls = Self {
            platform_host: platform_host.to_owned(),
            public_origin: public_origin.trim_end_matches('/').to_owned(),
        };
        let example = Url::parse(&urls.origin(platform_host)).map_err(|_| UrlsError)?;
        let plain =
            example.path() == "/" && example.query().is_none() && example.fragment().is_none();
        let web = matches!(example.scheme(), "http" | "https") && example.username().is_empty();
        (public_origin.contains("{host}") && plain && web)
            .then_some(urls)
            .ok_or(UrlsError)
    }

    pub fn platform_host(&self) -> &str {
        &self.platform_host
    }

    /// Scheme, host and port as browsers use them, without a slash at the end.
    pub fn origin(&self, host: &str) -> String {
        self.public_origin.replace("{host}", host)
    }

    /// The host on which an agency's new links and pages live: its primary host.
    pub fn agency_host(&self, agency: &Agency) -> String {
        self.host_or_first(agency, agency.primary_host.as_ref())
    }

    /// The host that an agency has from its first day and always keeps.
    pub fn first_host(&self, agency: &Agency) -> String {
        format!("{}.{}", agency.slug, self.platform_host)
    }

    /// As the store writes hosts: nothing stands for the first one.
    pub fn host_or_first(&self, agency: &Agency, host: Option<&Host>) -> String {
        host.map_or_else(|| self.first_host(agency), ToString::to_string)
    }

    /// Whether a host is `{anything}.{platform host}`, or the platform host itself.
    pub fn is_platform(&self, host: &str) -> bool {
        let before = host.strip_suffix(&self.platform_host);
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    }

    /// The agency that a host names, if it is `{slug}.{platform host}`.
    pub fn agency_slug(&self, host: &str) -> Option<Slug> {
        let slug = host.strip_suffix(&self.platform_host)?.strip_suffix('.')?;
        slug.parse().ok().filter(|_| slug != PREVIEW_SLUG)
    }

    /// Where previews are: under the platform's host, and no agency's.
    pub fn preview_host(&self) -> String {
        format!("{PREVIEW_SLUG}.{}", self.platform_host)
    }

    pub fn preview_origin(&self) -> String {
        self.origin(&self.preview_host())
    }

    pub fn preview(&self, ticket: &str) -> String {
        format!("{}/preview/{ticket}", self.preview_origin())
    }

    /// What has to be registered at the provider for one (agency, app configuration).
    pub fn redirect_uri(&self, host: &str, ctx: &str) -> String {
        format!("{}/oauth/callback/{ctx}", self.origin(host))
    }

    /// What has to be registered at an agency's own identity provider, for each host on which people sign in.
    pub fn sign_in_redirect_uri(&self, host: &str, ctx: &str) -> String {
        format!("{}/sign-in/oidc/callback/{ctx}", self.origin(host))
    }

    /// The link of a mail. Secret.
    pub fn link(&self, host: &str, secret: &SecretString) -> SecretString {
        SecretString::from(format!(
            "{}/connect/{}",
            self.origin(host),
            secret.expose_secret()
        ))
    }

    /// Where the owner of an address refuses reminders.
    pub fn unsubscribe(&self, host: &str, token: &str) -> String {
        format!("{}/unsubscribe/{token}", self.origin(host))
    }

    /// From the page's host to that of the redirect URI. Secret.
    pub fn hop(&self, host: &str, ticket: &SecretString) -> String {
        format!("{}/oauth/hop/{}", self.origin(host), ticket.expose_secret())
    }

    /// And back to the page's host. Secret.
    pub fn hop_home(&self, host: &str, ticket: &SecretString) -> String {
        format!(
            "{}/oauth/return/{}",
            self.origin(host),
            ticket.expose_secret()
        )
    }

    /// Where a client with an account sees what a workflow waits for.
    pub fn portal_workflow_path(id: &WorkflowId) -> String {
        format!("/portal/connections/workflows/{id}")
    }

    /// The clean page of a request.
    pub fn request_path(id: &RequestId) -> String {
        format!("/connect/requests/{id}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_direct_child_of_the_platform_host_is_an_agency() {
        let urls = Urls::new("latch.example", "https://{host}").unwrap();
        assert_eq!(
            urls.agency_slug("north-wind.latch.example")
                .unwrap()
                .as_str(),
            "north-wind"
        );
        for host in [
            "latch.example",
            "a.b.latch.example",
            "northwindlatch.example",
            "x.example",
            "-a.latch.example",
            "preview.latch.example",
            "",
        ] {
            assert!(urls.agency_slug(host).is_none(), "{host}");
        }
    }

    #[test]
    fn origins_keep_their_port() {
        let urls = Urls::new("localhost", "http://{host}:8080/").unwrap();
        assert_eq!(urls.origin("a1.localhost"), "http://a1.localhost:8080");
        assert_eq!(
            urls.redirect_uri("a1.localhost", "ctx"),
            "http://a1.localhost:8080/oauth/callback/ctx"
        );
        for origin in [
            "https://host",
            "https://{host}/path",
            "ftp://{host}",
            "{host}",
            "https://u@{host}",
        ] {
            assert_eq!(
                Urls::new("localhost", origin).unwrap_err(),
                UrlsError,
                "{origin}"
            );
        }
    }
}
