use clap::{Args, CommandFactory, Parser, Subcommand};
use latchkey_tenants::values::{Email, Host, Name, Slug};
use latchkey_tenants::{ApiKeyId, ThemeId};
use std::path::PathBuf;
use std::str::FromStr;
use url::Url;

const EXAMPLES: &str = "\
Examples:
  latchkey demo                     try everything on this machine, no server needed
  latchkey key new                  make a vault key or an edge key
  latchkey check                    find out what the settings still lack
  latchkey serve                    run edge and app in one process
  latchkey agency create --slug northwind --name \"Northwind Automations\" --owner-email ana@northwind.example

Settings come from latchkey.toml, then from the environment (LATCHKEY_PLATFORM_HOST and so on).
Exit codes: 0 done, 1 failed, 2 wrong usage or settings.";

/// Ask clients to connect their apps, under your own brand and on your own domain
#[derive(Debug, Parser)]
#[command(name = "latchkey", version, after_help = EXAMPLES, max_term_width = 120)]
pub struct Cli {
    /// Settings file [default: ./latchkey.toml, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a throw-away show-case: sample agency, provider, mailbox and a waiting workflow
    Demo(Demo),
    /// Run edge and app in one process, for one machine in earnest
    Serve,
    /// Run the app alone, behind edges on other machines
    App,
    /// Run the edge alone, in front of apps on other machines
    Proxy,
    /// Bring the database's schema up to date
    Migrate,
    /// Look at settings, database, ports, mail and certificate authority, and say what is wrong
    Check,
    /// Tell a domain's story: DNS seen, checks, orders, certificates, and which edges serve it
    Why(Why),
    /// Look at a packed theme on standard input; what looks at uploads starts this
    #[command(hide = true)]
    ThemeCheck,
    /// Create agencies, list, suspend and resume them
    #[command(subcommand)]
    Agency(Agency),
    /// Records and keys of the installation's mail, and bounces that come back
    #[command(subcommand)]
    Mail(Mail),
    /// Make keys
    #[command(subcommand)]
    Key(Key),
    /// Make, check, pack and upload themes
    #[command(subcommand)]
    Theme(Theme),
}

#[derive(Args, Debug)]
pub struct Demo {
    /// Forget what the last demo left in ./latchkey-demo and start over
    #[arg(long)]
    pub fresh: bool,

    /// Port on this machine [default: that of the last demo, else 8080; the next free one when it is taken]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
}

#[derive(Args, Debug)]
pub struct Why {
    /// A host name such as connect.example.com
    pub host: Host,

    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum Agency {
    /// Create an agency, its owner and an API key with every scope; prints one line of JSON
    Create(NewAgency),
    /// List the agencies: slug, status, name
    List,
    /// Close an agency's pages and API; nothing is lost
    Suspend(OneAgency),
    /// Open a suspended agency again
    Resume(OneAgency),
    /// List an agency's API keys: id, when last used, name
    Keys(OneAgency),
    /// Make an API key useless at once
    RevokeKey(OneKey),
    /// Take the second step away from one of the staff who lost phone and backup codes: the owner, say
    ResetSecondStep(OneMember),
}

#[derive(Args, Debug)]
pub struct NewAgency {
    /// Part of its host name: 2 to 50 characters of a-z, 0-9 and inner hyphens
    #[arg(long)]
    pub slug: Slug,

    /// What its clients read
    #[arg(long)]
    pub name: Name,

    /// Address of the person who owns it
    #[arg(long, value_name = "EMAIL")]
    pub owner_email: Email,
}

#[derive(Args, Debug)]
pub struct OneAgency {
    pub slug: Slug,
}

#[derive(Args, Debug)]
pub struct OneKey {
    pub slug: Slug,

    /// As `latchkey agency keys` lists it: key_...
    pub key: ApiKeyId,
}

#[derive(Args, Debug)]
pub struct OneMember {
    pub slug: Slug,

    /// The address that they sign in with
    pub email: Email,
}

#[derive(Debug, Subcommand)]
pub enum Mail {
    /// Print the DNS records that the operator makes once, with what is seen of them; makes the keys that are missing
    Dns,
    /// Change the key that signs: makes the next one, and signs with it when this is run again and its record is seen
    Rotate,
    /// Read a bounce on standard input, as a mail server hands it over; exits with 75 when it should be brought again
    Bounce(Bounce),
}

#[derive(Args, Debug)]
pub struct Bounce {
    /// The address that it was sent to, if the mail server tells; else its headers do
    #[arg(long, value_name = "ADDRESS")]
    pub recipient: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum Key {
    /// Print 32 random bytes in base64, fit for LATCHKEY_VAULT_KEY, LATCHKEY_EDGE_KEY and LATCHKEY_EDGE_SECRET
    New,
}

#[derive(Debug, Subcommand)]
pub enum Theme {
    /// Write a starter theme into a new folder
    New(NewTheme),
    /// Say what an upload of a theme would be told, without a network; exit code 1 when it would be refused
    Check(CheckTheme),
    /// Pack a folder into its archive: the same bytes for the same theme
    Pack(PackTheme),
    /// Print the JSON Schema of theme.json, which editors complete and check it with
    Schema,
    /// Upload a theme to an agency's host, and show what the check found; exit code 1 when it is refused
    Push(PushTheme),
    /// List the versions that an agency has, newest first, and say which one is published
    List(AgencyApi),
    /// Print an address that shows a page or mail of a version with made-up data, for a day
    Preview(PreviewTheme),
    /// Publish a version; an older one again is a roll back
    Publish(PublishTheme),
}

#[derive(Args, Debug)]
pub struct NewTheme {
    /// A folder that is not there yet, or is empty
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

#[derive(Args, Debug)]
pub struct CheckTheme {
    /// The theme's folder, or a packed theme
    #[arg(value_name = "DIR|ZIP")]
    pub theme: PathBuf,

    /// How to write what was found
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    pub format: ReportFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ReportFormat {
    /// file:line: level: message, and the way to fix it
    Text,
    /// One object, for programs
    Json,
}

#[derive(Args, Debug)]
pub struct PackTheme {
    /// The theme's folder
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,

    /// The archive to write
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}

#[derive(Args, Debug)]
pub struct PushTheme {
    /// The theme's folder, or a packed theme
    #[arg(value_name = "DIR|ZIP")]
    pub theme: PathBuf,

    #[command(flatten)]
    pub api: AgencyApi,

    /// Publish it at once
    #[arg(long)]
    pub publish: bool,
}

#[derive(Args, Debug)]
pub struct PreviewTheme {
    /// The id of a version
    #[arg(value_name = "VERSION")]
    pub version: ThemeId,

    #[command(flatten)]
    pub api: AgencyApi,

    /// A page, such as connect, or a mail, such as mails/request
    #[arg(long, default_value = "connect")]
    pub page: String,

    /// A language tag [default: the agency's language]
    #[arg(long)]
    pub locale: Option<String>,
}

#[derive(Args, Debug)]
pub struct PublishTheme {
    /// The id of a version, or `base` for the theme that everybody starts with
    #[arg(value_name = "VERSION|base")]
    pub version: ThemeOrBase,

    #[command(flatten)]
    pub api: AgencyApi,
}

/// None: the theme that everybody starts with.
#[derive(Clone, Debug)]
pub struct ThemeOrBase(pub Option<ThemeId>);

impl FromStr for ThemeOrBase {
    type Err = <ThemeId as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "base" => Ok(Self(None)),
            id => id.parse().map(|id| Self(Some(id))),
        }
    }
}

/// Where an agency's API is, and the key to it.
#[derive(Args, Debug)]
pub struct AgencyApi {
    /// Scheme and host of the agency, such as https://connect.example.com
    #[arg(long)]
    pub url: Url,

    /// File that holds an API key with the scopes themes:read and themes:write [default: the key in LATCHKEY_API_KEY]
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,

    #[arg(long, hide = true, env = "LATCHKEY_API_KEY", hide_env_values = true)]
    pub key: Option<String>,
}

/// The command line of this process. Wrong usage, `--help` and `--version` end the process here.
pub fn parse() -> Cli {
    Cli::parse()
}

pub fn help() -> String {
    Cli::command().render_help().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::error::ErrorKind;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_is_what_people_see() {
        insta::assert_snapshot!(help());
    }

    #[test]
    fn without_a_command_there_is_none() {
        assert!(parse("latchkey").unwrap().command.is_none());
    }

    #[test]
    fn config_stands_before_or_after_the_command() {
        for line in [
            "latchkey --config a.toml check",
            "latchkey check --config a.toml",
        ] {
            assert_eq!(
                parse(line).unwrap().config,
                Some(PathBuf::from("a.toml")),
                "{line}"
            );
        }
    }

    #[test]
    fn demo_has_a_port_and_a_fresh_start() {
        let Some(Command::Demo(demo)) = parse("latchkey demo --fresh --port 9000").unwrap().command
        else {
            panic!("no demo");
        };
        assert!(demo.fresh);
        assert_eq!(demo.port, Some(9000));
        assert_eq!(
            parse("latchkey demo --port 0").unwrap_err().kind(),
            ErrorKind::ValueValidation
        );
    }

    #[test]
    fn an_agency_needs_slug_name_and_owner() {
        let line = "latchkey agency create --slug acme --name Acme --owner-email a@acme.example";
        let Some(Command::Agency(Agency::Create(new))) = parse(line).unwrap().command else {
            panic!("no agency");
        };
        assert_eq!(new.slug.as_str(), "acme");
        let error = parse("latchkey agency create --slug acme").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MissingRequiredArgument);
        let error = parse(&line.replace("acme ", "-acme ")).unwrap_err();
        assert_eq!(error.exit_code(), 2);
    }

    #[test]
    fn a_version_or_the_base_theme_is_published() {
        let line = "latchkey theme publish base --url https://northwind.example --key k";
        let published = |line: &str| match parse(line).map(|cli| cli.command) {
            Ok(Some(Command::Theme(Theme::Publish(options)))) => Some(options.version.0),
            _ => None,
        };
        assert_eq!(published(line), Some(None));
        let id = "thm_01kc76xp00hezapqm44qap4thw";
        let version = published(&line.replace("base", id)).unwrap().unwrap();
        assert_eq!(version.as_str(), id);
        assert_eq!(published(&line.replace("base", "old")), None);
    }

    #[test]
    fn usage_errors_exit_with_2_and_help_with_0() {
        assert_eq!(parse("latchkey serv").unwrap_err().exit_code(), 2);
        assert_eq!(parse("latchkey agency").unwrap_err().exit_code(), 2);
        assert_eq!(parse("latchkey --help").unwrap_err().exit_code(), 0);
        assert_eq!(parse("latchkey --version").unwrap_err().exit_code(), 0);
    }
}
