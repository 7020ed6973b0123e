use latchkey_tenants::values::Host;

use crate::urls::Urls;

/// Why nobody can have this host for their own.
pub(crate) fn belongs_to_many(host: &Host, urls: &Urls) -> Option<String> {
    let (host, platform) = (host.as_str(), urls.platform_host());
    if urls.is_platform(host) {
        return Some(format!(
            "hosts under {platform} are given out here: you have yours already"
        ));
    }
    if psl::domain_str(host).is_none() {
        return Some(format!(
            "{host} is a public suffix, under which others register names: add a host of your own"
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t2_what_belongs_to_many_belongs_to_no_agency() {
        let urls = Urls::new("latch.example.com", "https://{host}").unwrap();
        let refused = |host: &str| belongs_to_many(&host.parse().unwrap(), &urls).is_some();
        for host in [
            "latch.example.com",
            "northwind.latch.example.com",
            "a.b.latch.example.com",
            "co.uk",
            "github.io",
            "xn--55qx5d.cn",
        ] {
            assert!(refused(host), "{host}");
        }
        for host in [
            "example.com",
            "connect.example.com",
            "evillatch.example.com",
            "someone.github.io",
            "northwind.example",
            "a.co.uk",
        ] {
            assert!(!refused(host), "{host}");
        }
    }
}
