use super::*;
use secrecy::ExposeSecret;
use std::io::{Error, ErrorKind};

const EXAMPLE: &str = include_str!("../../deploy/latchkey.example.toml");
/// 32 zero bytes.
const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

fn no_files(path: &Path) -> io::Result<String> {
    Err(Error::new(
        ErrorKind::NotFound,
        format!("no {}", path.display()),
    ))
}

fn read(toml: &str, env: &[(&str, &str)]) -> Result<Settings, SettingsErrors> {
    read_as(Role::Check, toml, env)
}

fn read_as(role: Role, toml: &str, env: &[(&str, &str)]) -> Result<Settings, SettingsErrors> {
    let env = env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings::from_sources(role, Some(toml), env, &no_files)
}

/// The messages, one per line.
fn errors(toml: &str, env: &[(&str, &str)]) -> Vec<String> {
    let errors = read(toml, env).expect_err("these settings are wrong");
    errors.0.iter().map(ToString::to_string).collect()
}

#[test]
fn every_default_is_well_formed() {
    let settings = read("", &[]).unwrap();
    assert_eq!(
        settings.database_url.expose_secret(),
        "sqlite://latchkey.db"
    );
    assert_eq!(
        settings.public_origin.of("acme.example"),
        "https://acme.example"
    );
    assert_eq!(settings.http_listen, ["0.0.0.0:80".parse().unwrap()]);
    assert_eq!(settings.https_listen, ["0.0.0.0:443".parse().unwrap()]);
    assert_eq!(settings.app_listen, "127.0.0.1:7070".parse().unwrap());
    assert_eq!(settings.app_upstreams[0].to_string(), "127.0.0.1:7070");
    assert_eq!(settings.admin_listen, "127.0.0.1:9090".parse().unwrap());
    assert_eq!(settings.data_dir, Path::new("./latchkey-data"));
    assert!(matches!(settings.issuer, Issuer::Acme(_)));
    assert!(settings.dns_servers.is_empty());
    let entrance = latchkey_proxy::EntranceConfig::default();
    assert_eq!(settings.max_connections, entrance.max_connections);
    assert_eq!(
        settings.max_connections_per_client,
        entrance.max_connections_per_client
    );
    assert!(!settings.dev_loopback);
    assert_eq!(settings.log, "info");
    assert_eq!(settings.log_format, LogFormat::Text);
}

#[test]
fn the_environment_wins_over_the_file() {
    let settings = read(
        "platform_host = 'file.example'\nlog = 'warn'",
        &[("LATCHKEY_PLATFORM_HOST", "env.example"), ("PATH", "/bin")],
    )
    .unwrap();
    assert_eq!(settings.platform_host().unwrap().as_str(), "env.example");
    assert_eq!(settings.log, "warn");
}

#[test]
fn lists_and_truths_may_be_written_as_such() {
    let settings = read(
        "http_listen = ['127.0.0.1:8080', '[::1]:8080']\ndev_loopback = true\napp_upstreams = 'app:7070, 10.0.0.5:7070'",
        &[],
    )
    .unwrap();
    assert_eq!(settings.http_listen.len(), 2);
    assert!(settings.dev_loopback);
    let upstreams: Vec<_> = settings
        .app_upstreams
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(upstreams, ["app:7070", "10.0.0.5:7070"]);
}

#[test]
fn a_number_of_connections_is_whole_and_above_0() {
    assert_eq!(read("max_connections = 7", &[]).unwrap().max_connections, 7);
    let found = errors(
        "max_connections = 0",
        &[("LATCHKEY_MAX_CONNECTIONS_PER_CLIENT", "1.5")],
    );
    assert!(
        found
            .iter()
            .all(|error| error.contains("is no whole number above 0")),
        "{found:?}"
    );
    assert_eq!(found.len(), 2);
}

#[test]
fn unknown_names_are_errors_that_name_the_nearest() {
    let found = errors(
        "platform_hots = 'a.example'",
        &[("LATCHKEY_DATABSE_URL", "x")],
    );
    assert_eq!(
        found,
        [
            "`platform_hots` in the settings file is no setting. The nearest is `platform_host`.",
            "LATCHKEY_DATABSE_URL is no setting. The nearest is LATCHKEY_DATABASE_URL.",
        ]
    );
}

#[test]
fn only_secrets_may_be_given_as_files() {
    let found = errors("", &[("LATCHKEY_MAIL_FROM_FILE", "/x")]);
    assert!(
        found[0].starts_with("LATCHKEY_MAIL_FROM_FILE is no setting."),
        "{found:?}"
    );
}

#[test]
fn variables_that_kubernetes_sets_for_services_are_no_settings() {
    read(
        "",
        &[
            ("LATCHKEY_PORT", "tcp://10.0.0.1:80"),
            ("LATCHKEY_APP_SERVICE_HOST", "10.0.0.1"),
            ("LATCHKEY_APP_SERVICE_PORT_HTTP", "80"),
            ("LATCHKEY_APP_PORT_80_TCP_ADDR", "10.0.0.1"),
        ],
    )
    .unwrap();
    assert_eq!(errors("", &[("LATCHKEY_SMTP_PORT", "25")]).len(), 1);
}

#[test]
fn everything_wrong_is_reported_at_once() {
    let errors = read_as(
        Role::Serve,
        "colour = 'red'\nissuer = 'letsencrypt'",
        &[
            ("LATCHKEY_VAULT_KEY", "c2hvcnQ="),
            ("LATCHKEY_HTTP_LISTEN", "80"),
        ],
    )
    .unwrap_err()
    .to_string();
    for named in [
        "`colour`",
        "`issuer`",
        "LATCHKEY_VAULT_KEY holds 5 bytes instead of 32",
        "LATCHKEY_EDGE_KEY is not set",
        "LATCHKEY_PLATFORM_HOST is not set",
        "LATCHKEY_HTTP_LISTEN is no address",
    ] {
        assert!(errors.contains(named), "{named} not in {errors}");
    }
}

#[test]
fn k5_each_role_refuses_to_start_without_its_key() {
    let base = [
        ("LATCHKEY_PLATFORM_HOST", "connect.example"),
        ("LATCHKEY_EDGE_SECRET", "sixteen-letters-or-more"),
    ];
    let missing = |role| {
        let errors = read_as(role, "", &base).err().map(|errors| errors.0);
        errors.unwrap_or_default().len()
    };
    assert_eq!(missing(Role::App), 1);
    assert_eq!(missing(Role::Proxy), 1);
    assert_eq!(missing(Role::Serve), 2);
    assert_eq!(missing(Role::Agency), 1);
    assert_eq!(missing(Role::Migrate), 0);
}

#[test]
fn a_secret_may_stand_in_a_file() {
    let files = |path: &Path| {
        assert_eq!(path, Path::new("/run/secrets/vault"));
        Ok(format!("{KEY}\n"))
    };
    let env = [("LATCHKEY_VAULT_KEY_FILE", "/run/secrets/vault")];
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let settings = Settings::from_sources(Role::Check, None, env.into_iter(), &files).unwrap();
    assert_eq!(settings.vault_key().unwrap().expose_secret(), &[0; 32]);
}

#[test]
fn an_unreadable_or_doubled_secret_is_named() {
    let found = errors("", &[("LATCHKEY_EDGE_KEY_FILE", "/nowhere")]);
    assert!(
        found[0].starts_with("LATCHKEY_EDGE_KEY_FILE names /nowhere, which cannot be read"),
        "{found:?}"
    );
    let found = errors(
        "",
        &[
            ("LATCHKEY_EDGE_KEY", KEY),
            ("LATCHKEY_EDGE_KEY_FILE", "/nowhere"),
        ],
    );
    assert_eq!(
        found,
        ["LATCHKEY_EDGE_KEY_FILE and LATCHKEY_EDGE_KEY are both set. Keep one of them."]
    );
    // In different sources the later one simply wins.
    read("edge_key_file = '/nowhere'", &[("LATCHKEY_EDGE_KEY", KEY)]).unwrap();
}

#[test]
fn empty_is_not_set() {
    let settings = read("redis_url = ''", &[("LATCHKEY_SMTP_URL", "")]).unwrap();
    assert!(settings.redis_url.is_none() && settings.smtp_url.is_none());
}

#[test]
fn settings_that_need_each_other_come_together() {
    let found = errors("", &[("LATCHKEY_SMTP_URL", "smtp://127.0.0.1:25")]);
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("LATCHKEY_MAIL_FROM is not set"),
        "{found:?}"
    );
    let found = errors("acme_eab_kid = 'kid-1'", &[]);
    assert!(
        found[0].starts_with("LATCHKEY_ACME_EAB_KEY is not set"),
        "{found:?}"
    );
}

#[test]
fn no_message_shows_a_secret() {
    const MARK: &str = "hunter2hunter2";
    let secrets = Setting::ALL.iter().filter(|key| key.is_secret());
    for key in secrets {
        let value = format!("bad \u{7} {MARK}");
        let variable = key.variable();
        let text = match read("", &[(&variable, &value)]) {
            Ok(settings) => format!("{settings:?}"),
            Err(errors) => format!("{errors} {errors:?}"),
        };
        assert!(!text.contains(MARK), "{text}");
        let text = errors(&format!("{} = {MARK}", key.name()), &[]).join("");
        assert!(!text.contains(MARK), "{text}");
    }
    let good = [
        (
            "LATCHKEY_DATABASE_URL",
            "postgres://u:hunter2hunter2@db/latchkey",
        ),
        ("LATCHKEY_REDIS_URL", "redis://:hunter2hunter2@cache:6379"),
        ("LATCHKEY_SMTP_URL", "smtps://u:hunter2hunter2@mail:465"),
        ("LATCHKEY_MAIL_FROM", "connect@example.com"),
        ("LATCHKEY_EDGE_SECRET", "hunter2hunter2hunter2"),
    ];
    let text = format!("{:?}", read("", &good).unwrap());
    assert!(!text.contains(MARK), "{text}");
}

#[test]
fn broken_toml_names_the_line() {
    let found = errors("log = 'info'\nmail_from = nobody\n", &[]);
    assert!(
        found[0].starts_with("the settings file, line 2, is no TOML"),
        "{found:?}"
    );
    let found = errors("[smtp]\nurl = 'x'", &[]);
    assert!(found[0].contains("The nearest is `smtp_url`"), "{found:?}");
}

#[test]
fn hosts_are_lower_case_names_alone() {
    for good in [
        "localhost",
        "connect.example.com",
        "a-b.example",
        "xn--bcher-kva.example",
    ] {
        assert!(parse::platform_host(good).is_ok(), "{good}");
    }
    for bad in [
        "https://connect.example.com",
        "connect.example.com:8080",
        "connect.example.com/",
        "Connect.example.com",
        "127.0.0.1",
        "[::1]",
        "-a.example",
        "a..example",
        "a_b.example",
        "b\u{fc}cher.example",
    ] {
        assert!(parse::platform_host(bad).is_err(), "{bad}");
    }
}

#[test]
fn origins_have_a_place_for_the_host_and_no_path() {
    for good in ["https://{host}", "http://{host}:8080", "https://{host}:443"] {
        assert!(parse::public_origin(good).is_ok(), "{good}");
    }
    for bad in [
        "https://connect.example.com",
        "https://{host}/",
        "https://{host}/app",
        "{host}",
        "ftp://{host}",
        "https://user@{host}",
        "https://www.{host}",
        "https://{host}?{host}",
    ] {
        assert!(parse::public_origin(bad).is_err(), "{bad}");
    }
}

#[test]
fn urls_have_the_schemes_that_we_speak() {
    assert!(parse::database_url("sqlite://./data/latchkey.db").is_ok());
    assert!(parse::database_url("mysql://db/latchkey").is_err());
    assert!(parse::database_url("latchkey.db").is_err());
    assert!(parse::database_url("postgres://").is_err());
    assert!(parse::smtp_url("smtp://127.0.0.1:1025").is_ok());
    assert!(parse::smtp_url("http://127.0.0.1").is_err());
    assert!(parse::issuer("internal").is_ok());
    assert!(parse::issuer("http://acme.example/dir").is_err());
}

#[test]
fn port_80_is_knocked_at_where_the_ports_look_like_the_usual_ones() {
    let wanted = |probe: &str, origin: &str, bound| {
        let settings = read(
            &format!("http_probe = {probe}\npublic_origin = '{origin}'"),
            &[],
        )
        .unwrap();
        settings
            .http_probe
            .is_wanted(&settings.public_origin, bound)
    };
    for (origin, bound, auto) in [
        ("https://{host}", false, true),
        ("https://{host}:8443", false, false),
        ("https://{host}:8443", true, true),
    ] {
        assert_eq!(wanted("'auto'", origin, bound), auto, "{origin}");
        assert!(wanted("'on'", origin, bound));
        assert!(!wanted("'off'", origin, bound));
        assert!(!wanted("false", origin, bound));
    }
    assert!(read("http_probe = 'maybe'", &[]).is_err());
}

#[test]
fn other_values_are_checked_too() {
    assert!(parse::truth("yes").is_err());
    assert!(parse::log_filter("info,latchkey_app=debug").is_ok());
    assert!(parse::log_filter("latchkey_app=loud").is_err());
    assert!(parse::log_format("xml").is_err());
    assert!(parse::mailbox("connect@example.com").is_ok());
    assert!(parse::mailbox("connect").is_err());
    assert!(parse::mailbox("a@b\r\nBcc: c@d").is_err());
    assert!(parse::upstreams("app").is_err());
    assert!(parse::edge_secret("short").is_err());
    let servers = parse::dns_servers("9.9.9.9, [::1]:8053").ok().unwrap();
    assert_eq!(
        servers,
        ["9.9.9.9:53".parse().unwrap(), "[::1]:8053".parse().unwrap()]
    );
}

/// The example with its settings switched on, as `name = value` lines.
fn example_settings() -> Vec<&'static str> {
    let commented = EXAMPLE.lines().filter_map(|line| line.strip_prefix("# "));
    commented
        .filter(|line| {
            line.split_once(" = ")
                .is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        })
        .collect()
}

#[test]
fn the_example_names_every_setting_and_parses() {
    let lines = example_settings();
    for key in Setting::ALL {
        let named = |line: &&str| {
            let name = line.split(" = ").next().unwrap_or_default();
            name == key.name() || name.strip_suffix("_file") == Some(key.name())
        };
        assert_eq!(
            lines.iter().filter(|line| named(line)).count(),
            1,
            "{}",
            key.name()
        );
    }
    let files = |path: &Path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        Ok(match name {
            "latchkey-acme-eab-key" => "c2VjcmV0".to_owned(),
            "latchkey-mail-hook-secret" => format!("whsec_{KEY}"),
            _ => KEY.to_owned(),
        })
    };
    read("", &[]).unwrap();
    Settings::from_sources(Role::Check, Some(EXAMPLE), std::iter::empty(), &files).unwrap();
    let toml = lines.join("\n");
    Settings::from_sources(Role::Check, Some(&toml), std::iter::empty(), &files).unwrap();
}

#[test]
fn the_example_shows_the_defaults() {
    let table: toml::Table = toml::from_str(&example_settings().join("\n")).unwrap();
    for key in Setting::ALL {
        let Some(default) = key.default() else {
            continue;
        };
        let shown = match &table[key.name()] {
            toml::Value::Array(items) => items[0].as_str().unwrap().to_owned(),
            toml::Value::String(text) => text.clone(),
            toml::Value::Boolean(truth) => truth.to_string(),
            toml::Value::Integer(number) => number.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(shown, default, "{}", key.name());
    }
}
