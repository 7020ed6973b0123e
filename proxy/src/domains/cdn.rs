//! Networks that stand between browsers and us when a host is "proxied" there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Published at cloudflare.com/ips and api.fastly.com/public-ip-list, as of November 2026.
const V4: &[(&str, [u8; 4], u32)] = &[
    ("Cloudflare", [173, 245, 48, 0], 20),
    ("Cloudflare", [103, 21, 244, 0], 22),
    ("Cloudflare", [103, 22, 200, 0], 22),
    ("Cloudflare", [103, 31, 4, 0], 22),
    ("Cloudflare", [141, 101, 64, 0], 18),
    ("Cloudflare", [108, 162, 192, 0], 18),
    ("Cloudflare", [190, 93, 240, 0], 20),
    ("Cloudflare", [188, 114, 96, 0], 20),
    ("Cloudflare", [197, 234, 240, 0], 22),
    ("Cloudflare", [198, 41, 128, 0], 17),
    ("Cloudflare", [162, 158, 0, 0], 15),
    ("Cloudflare", [104, 16, 0, 0], 13),
    ("Cloudflare", [104, 24, 0, 0], 14),
    ("Cloudflare", [172, 64, 0, 0], 13),
    ("Cloudflare", [131, 0, 72, 0], 22),
    ("Fastly", [23, 235, 32, 0], 20),
    ("Fastly", [43, 249, 72, 0], 22),
    ("Fastly", [103, 244, 50, 0], 24),
    ("Fastly", [103, 245, 222, 0], 23),
    ("Fastly", [103, 245, 224, 0], 24),
    ("Fastly", [104, 156, 80, 0], 20),
    ("Fastly", [140, 248, 64, 0], 18),
    ("Fastly", [140, 248, 128, 0], 17),
    ("Fastly", [146, 75, 0, 0], 17),
    ("Fastly", [151, 101, 0, 0], 16),
    ("Fastly", [157, 52, 64, 0], 18),
    ("Fastly", [167, 82, 0, 0], 17),
    ("Fastly", [167, 82, 128, 0], 20),
    ("Fastly", [167, 82, 160, 0], 20),
    ("Fastly", [167, 82, 224, 0], 20),
    ("Fastly", [172, 111, 64, 0], 18),
    ("Fastly", [185, 31, 16, 0], 22),
    ("Fastly", [199, 27, 72, 0], 21),
    ("Fastly", [199, 232, 0, 0], 16),
];

const V6: &[(&str, [u16; 2], u32)] = &[
    ("Cloudflare", [0x2400, 0xcb00], 32),
    ("Cloudflare", [0x2606, 0x4700], 32),
    ("Cloudflare", [0x2803, 0xf800], 32),
    ("Cloudflare", [0x2405, 0xb500], 32),
    ("Cloudflare", [0x2405, 0x8100], 32),
    ("Cloudflare", [0x2a06, 0x98c0], 29),
    ("Cloudflare", [0x2c0f, 0xf248], 32),
    ("Fastly", [0x2a04, 0x4e40], 32),
    ("Fastly", [0x2a04, 0x4e42], 32),
];

/// Where an alias into one of them ends.
const SUFFIXES: &[(&str, &str)] = &[
    ("Cloudflare", "cdn.cloudflare.net"),
    ("Amazon CloudFront", "cloudfront.net"),
    ("Fastly", "fastly.net"),
    ("Fastly", "fastlylb.net"),
    ("Akamai", "akamaiedge.net"),
    ("Akamai", "akamai.net"),
    ("Akamai", "edgekey.net"),
    ("Akamai", "edgesuite.net"),
    ("Azure Front Door", "azurefd.net"),
    ("Azure CDN", "azureedge.net"),
    ("Bunny", "b-cdn.net"),
    ("CDN77", "cdn77.org"),
    ("Imperva", "incapdns.net"),
    ("Sucuri", "sucuridns.com"),
    ("KeyCDN", "kxcdn.com"),
];

/// Whose address it is.
pub fn of_address(address: IpAddr) -> Option<&'static str> {
    match address.to_canonical() {
        IpAddr::V4(address) => of_v4(address),
        IpAddr::V6(address) => of_v6(address),
    }
}

fn of_v4(address: Ipv4Addr) -> Option<&'static str> {
    let inside = |network: [u8; 4], length: u32| {
        (address.to_bits() ^ u32::from_be_bytes(network)) >> (32 - length) == 0
    };
    let found = V4
        .iter()
        .find(|(_, network, length)| inside(*network, *length));
    found.map(|(name, ..)| *name)
}

fn of_v6(address: Ipv6Addr) -> Option<&'static str> {
    let [first, second, ..] = address.segments();
    let bits = |high: u16, low: u16| u32::from(high) << 16 | u32::from(low);
    let inside = |network: [u16; 2], length: u32| {
        (bits(first, second) ^ bits(network[0], network[1])) >> (32 - length) == 0
    };
    let found = V6
        .iter()
        .find(|(_, network, length)| inside(*network, *length));
    found.map(|(name, ..)| *name)
}

/// Whose name it is; in lower case without final dot.
pub fn of_name(name: &str) -> Option<&'static str> {
    let under = |suffix: &str| {
        name.strip_suffix(suffix)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    let found = SUFFIXES.iter().find(|(_, suffix)| under(suffix));
    found.map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_are_recognised_at_their_borders() {
        for (address, owner) in [
            ("104.16.0.0", Some("Cloudflare")),
            ("104.27.255.255", Some("Cloudflare")),
            ("104.28.0.0", None),
            ("104.15.255.255", None),
            ("172.63.255.255", None),
            ("172.64.0.1", Some("Cloudflare")),
            ("172.71.255.255", Some("Cloudflare")),
            ("172.72.0.0", None),
            ("151.101.1.1", Some("Fastly")),
            ("203.0.113.7", None),
            ("2606:4700::1", Some("Cloudflare")),
            ("2606:4701::1", None),
            ("2a06:98c7::1", Some("Cloudflare")),
            ("2a06:98c8::1", None),
            ("2a04:4e42::200", Some("Fastly")),
            ("::ffff:104.16.0.1", Some("Cloudflare")),
        ] {
            assert_eq!(of_address(address.parse().unwrap()), owner, "{address}");
        }
        assert_eq!(
            of_name("connect.acme.example.cdn.cloudflare.net"),
            Some("Cloudflare")
        );
        assert_eq!(of_name("d1.cloudfront.net"), Some("Amazon CloudFront"));
        assert_eq!(of_name("notcloudfront.net"), None);
        assert_eq!(of_name("cloudfront.net.evil.example"), None);
    }
}
