//! Every way in which a domain can be wrong, with what should be made of it.

use super::caa::CaaIssuer;
use super::dns::{End, Failure, Path, Silence, Who};
use super::findings::{KnockResult, Mistake, Txt};
use latchkey_tenants::{DomainCause, DomainKind};

mod making;

pub(super) use making::{Sample, expected, findings, path};

pub(super) fn samples() -> Vec<Sample> {
    let mut samples = right();
    samples.extend(routing());
    samples.extend(apexes());
    samples.extend(proof());
    samples.extend(authority());
    samples.extend(unknown());
    samples
}

fn right() -> Vec<Sample> {
    vec![
        Sample::good("by CNAME"),
        Sample::good("by CNAME over another name").paths(vec![path(
            &["web.acme.example", "north.latchkey.example"],
            &["192.0.2.1"],
        )]),
        Sample::good("by address").paths(vec![path(&[], &["192.0.2.1"])]),
        Sample::good("by IPv6 alone").paths(vec![path(&[], &["2001:db8::1"])]),
        Sample::good("servers deal out addresses, all of them ours").paths(vec![
            path(&[], &["192.0.2.1"]),
            path(&["north.latchkey.example"], &["192.0.2.1"]),
        ]),
        Sample::apex("an apex by addresses"),
        Sample::good("another TXT value beside ours").change(|sample| {
            sample
                .findings
                .txt
                .everywhere
                .push("latchkey=other".to_owned());
        }),
        Sample::good("in spite of another account, if proven")
            .change(|sample| sample.expected.contested = true),
        Sample::good("a bound host needs no proof any more")
            .txt(&[], &[])
            .change(|sample| (sample.expected.bound, sample.proven) = (true, true)),
        Sample::good("CAA names our authority")
            .caa("acme.example", &[(0, "issue", "letsencrypt.org")]),
        Sample::good("CAA speaks of wildcards only").caa("acme.example", &[(0, "issuewild", ";")]),
        Sample::good("an authority without CAA asks for none").change(|sample| {
            sample.expected.issuers = [CaaIssuer::default()].into();
            sample.findings.caa.failure = Some((
                "acme.example".to_owned(),
                Failure {
                    who: Who::Authority,
                    why: Silence::ServFail,
                },
            ));
        }),
        Sample::good("port 80 answers").knocks(&[
            ("192.0.2.1", KnockResult::Ours),
            ("2001:db8::1", KnockResult::NoRoute),
        ]),
        Sample::good("a platform host asks for no proof")
            .txt(&[], &[])
            .change(|sample| {
                sample.expected.kind = DomainKind::Platform;
                sample.expected.host = sample.expected.target.clone();
                sample.findings.paths = vec![path(&[], &["192.0.2.1"])];
                sample.proven = true;
            }),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn routing() -> Vec<Sample> {
    use DomainCause as C;
    vec![
        Sample::good("nothing at all")
            .paths(vec![path(&[], &[])])
            .txt(&[], &[])
            .unrouted()
            .cause(C::NoRecord),
        Sample::good("no record, but proven")
            .paths(vec![path(&[], &[])])
            .unrouted()
            .cause(C::NoRecord),
        Sample::good("a record that only some servers know")
            .paths(vec![
                path(&["north.latchkey.example"], &["192.0.2.1"]),
                path(&[], &[]),
            ])
            .unrouted()
            .cause(C::NoRecord),
        Sample::good("the domain twice")
            .paths(vec![path(&[], &[])])
            .txt(&[], &[])
            .misplaced(Mistake::DoubledHost, "connect.acme.example.acme.example")
            .unrouted()
            .cause(C::DoubledZone),
        Sample::good("elsewhere by CNAME")
            .paths(vec![path(&["shops.old.example"], &["203.0.113.9"])])
            .txt(&[], &[])
            .unrouted()
            .cause(C::WrongTarget),
        Sample::good("elsewhere by address")
            .paths(vec![path(
                &[],
                &[
                    "203.0.113.9",
                    "203.0.113.10",
                    "203.0.113.11",
                    "203.0.113.12",
                ],
            )])
            .unrouted()
            .cause(C::WrongTarget),
        Sample::good("one address of ours and one of others")
            .paths(vec![path(&[], &["192.0.2.1", "203.0.113.9"])])
            .unrouted()
            .cause(C::WrongTarget),
        Sample::good("an alias to nowhere")
            .paths(vec![path(&["nroth.latchkey.example"], &[])])
            .unrouted()
            .cause(C::WrongTarget),
        Sample::good("aliases in a circle")
            .paths(vec![Path {
                end: End::Endless,
                ..path(&["a.acme.example", "connect.acme.example"], &[])
            }])
            .unrouted()
            .cause(C::WrongTarget),
        Sample::good("some servers still lead elsewhere")
            .paths(vec![
                path(&["north.latchkey.example"], &["192.0.2.1"]),
                path(&["shops.old.example"], &["203.0.113.9"]),
            ])
            .unrouted()
            .cause(C::WrongTarget),
        Sample::good("an AAAA record left behind")
            .paths(vec![path(&[], &["192.0.2.1", "2001:db8:dead::5"])])
            .unrouted()
            .cause(C::StaleAaaa),
        Sample::good("proxied by Cloudflare")
            .paths(vec![path(
                &[],
                &["104.16.1.1", "172.67.1.1", "2606:4700::1"],
            )])
            .unrouted()
            .cause(C::Proxied),
        Sample::good("behind CloudFront")
            .paths(vec![path(&["d111.cloudfront.net"], &["203.0.113.9"])])
            .unrouted()
            .cause(C::Proxied),
        Sample::good("the platform's own name is missing")
            .change(|sample| {
                sample.expected.kind = DomainKind::Platform;
                sample.expected.host = sample.expected.target.clone();
            })
            .paths(vec![path(&[], &[])])
            .unrouted()
            .cause(C::NoRecord),
    ]
}

fn apexes() -> Vec<Sample> {
    use DomainCause as C;
    vec![
        Sample::apex("an apex without a record")
            .paths(vec![path(&[], &[])])
            .txt(&[], &[])
            .unrouted()
            .cause(C::NoRecord),
        Sample::apex("an apex elsewhere")
            .paths(vec![path(&[], &["203.0.113.9"])])
            .unrouted()
            .cause(C::WrongTarget),
        Sample::apex("an apex with a CNAME")
            .paths(vec![path(&["north.latchkey.example"], &["192.0.2.1"])])
            .unrouted()
            .cause(C::ApexCname),
        Sample::apex("an apex proxied by Cloudflare")
            .paths(vec![path(&[], &["104.16.1.1"])])
            .unrouted()
            .cause(C::Proxied),
    ]
}

fn proof() -> Vec<Sample> {
    use DomainCause as C;
    vec![
        Sample::good("no TXT").txt(&[], &[]).cause(C::NoToken),
        Sample::good("TXT of others")
            .txt(&["v=spf1 -all"], &[])
            .cause(C::NoToken),
        Sample::good("TXT at some servers")
            .txt(&[], &["latchkey=tok-1"])
            .cause(C::NoToken),
        Sample::good("TXT at the host")
            .txt(&[], &[])
            .misplaced(Mistake::TxtAtHost, "connect.acme.example")
            .cause(C::NoToken),
        Sample::good("TXT at the domain")
            .txt(&[], &[])
            .misplaced(Mistake::TxtAtParent, "_latchkey.acme.example")
            .cause(C::NoToken),
        Sample::good("TXT with the domain twice")
            .txt(&[], &[])
            .misplaced(
                Mistake::DoubledTxt,
                "_latchkey.connect.acme.example.acme.example",
            )
            .cause(C::DoubledZone),
        Sample::good("TXT of another claim")
            .txt(&["latchkey=tok-0", "latchkey=\u{202e}<b>"], &[])
            .cause(C::WrongToken),
        Sample::good("taken, and nothing done")
            .change(|sample| sample.expected.contested = true)
            .paths(vec![path(&["south.latchkey.example"], &["192.0.2.7"])])
            .txt(&[], &[])
            .unrouted()
            .cause(C::Taken),
        Sample::good("taken, and routed without proof")
            .change(|sample| sample.expected.contested = true)
            .txt(&[], &[])
            .cause(C::Taken),
        Sample::good("taken, with the proof of the one who has it")
            .change(|sample| sample.expected.contested = true)
            .txt(&["latchkey=tok-0"], &[])
            .cause(C::Taken),
    ]
}

fn authority() -> Vec<Sample> {
    use DomainCause as C;
    let servfail = Failure {
        who: Who::Authority,
        why: Silence::ServFail,
    };
    vec![
        Sample::good("CAA names another")
            .caa(
                "acme.example",
                &[(0, "issue", "digicert.com"), (0, "issuewild", ";")],
            )
            .cause(C::CaaForbids),
        Sample::good("CAA names nobody")
            .caa("acme.example", &[(0, "issue", ";")])
            .cause(C::CaaForbids),
        Sample::good("CAA names another account")
            .caa(
                "acme.example",
                &[(
                    0,
                    "issue",
                    "letsencrypt.org; accounturi=https://ca.example/acct/8",
                )],
            )
            .cause(C::CaaForbids),
        Sample::good("CAA names another way of proof")
            .caa(
                "acme.example",
                &[(0, "issue", "letsencrypt.org; validationmethods=dns-01")],
            )
            .cause(C::CaaForbids),
        Sample::good("CAA with something critical")
            .caa("acme.example", &[(128, "future", "x")])
            .cause(C::CaaForbids),
        Sample::good("CAA of the platform's own name")
            .caa("north.latchkey.example", &[(0, "issue", "digicert.com")])
            .cause(C::CaaForbids),
        Sample::good("CAA cannot be read")
            .change(|sample| {
                sample.findings.caa.failure = Some(("acme.example".to_owned(), servfail))
            })
            .cause(C::CaaUnreadable),
        Sample::good("broken signatures")
            .change(|sample| sample.findings.dnssec_broken = true)
            .unrouted()
            .cause(C::DnssecBroken),
        Sample::good("port 80 closed")
            .knocks(&[("192.0.2.1", KnockResult::Closed)])
            .cause(C::Port80Closed),
        Sample::good("port 80 of somebody else")
            .knocks(&[
                ("192.0.2.1", KnockResult::Ours),
                ("2001:db8::1", KnockResult::Stranger),
            ])
            .cause(C::Port80Closed),
    ]
}

fn unknown() -> Vec<Sample> {
    use DomainCause as C;
    vec![
        Sample::good("their servers answer with errors")
            .host_failure(Who::Authority, Silence::ServFail)
            .unproven()
            .cause(C::DnsAway),
        Sample::good("their servers do not answer")
            .host_failure(Who::Authority, Silence::Timeout)
            .unproven()
            .cause(C::DnsAway),
        Sample::good("our resolver finds theirs silent")
            .host_failure(Who::Resolver, Silence::Timeout)
            .unproven()
            .cause(C::DnsAway),
        Sample::good("our resolver is down")
            .host_failure(Who::Resolver, Silence::Timeout)
            .change(|sample| sample.findings.resolver_works = false)
            .unproven()
            .cause(C::ResolverFailed),
        Sample::good("our resolver refuses us")
            .host_failure(Who::Resolver, Silence::ErrorCode)
            .unproven()
            .cause(C::ResolverFailed),
        Sample::good("this machine is cut off")
            .host_failure(Who::Authority, Silence::NoRoute)
            .unproven()
            .cause(C::ResolverFailed),
        Sample::good("our own name has no address")
            .change(|sample| sample.findings.edge.clear())
            .unrouted()
            .unproven()
            .cause(C::ResolverFailed),
        Sample::good("the alias's servers do not answer")
            .paths(vec![Path {
                end: End::Failed(Silence::Timeout),
                ..path(&["x.old.example"], &[])
            }])
            .unrouted()
            .unproven()
            .cause(C::DnsAway),
        Sample::good("the TXT record cannot be asked for")
            .change(|sample| {
                sample.findings.txt = Txt {
                    failure: Some(Failure {
                        who: Who::Authority,
                        why: Silence::Lame,
                    }),
                    ..Txt::default()
                };
            })
            .unrouted()
            .unproven()
            .cause(C::DnsAway),
    ]
}
