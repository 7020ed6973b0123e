//! How single values are described: the domain's types know nothing of HTTP.

use latchkey_tenants::{
    ConnectionStatus as Connections, DomainCause as DomainCauses, DomainKind as DomainKinds,
    DomainState as DomainStates, EventType as Events, GateState as Gates, ItemStatus as Items,
    KeyScope, Lifetime as Lifetimes, MailKind as MailKinds, MailStatus as Mails,
    MissingReason as Reasons, ReceiptOutcome as Receipts, ReminderStep as Steps,
    RequestStatus as Requests, Resume as Resumes, Role as Roles, SenderState as SenderStates,
    SuppressionReason as SuppressionReasons, SuppressionScope as Scopes, ThemeKind as ThemeKinds,
    ThemeMoveWhy as Whys, store::InvitationStatus as Invitations,
};
use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat,
        schema::{ArrayBuilder, OneOfBuilder, Type},
    },
};

use super::list;

macro_rules! values {
    ($($name:ident = $schema:expr;)*) => {
        $(
            pub(super) struct $name;

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    $schema.into()
                }
            }

            impl ToSchema for $name {}
        )*

        /// Every value that is described here, by name.
        pub(super) fn all() -> Vec<(String, RefOr<Schema>)> {
            vec![$((<$name as ToSchema>::name().into_owned(), <$name as PartialSchema>::schema())),*]
        }
    };
}

values! {
    WorkspaceId = id("wsp");
    WorkflowId = id("wfl");
    SlotId = id("slt");
    RequestId = id("req");
    ItemId = id("itm");
    ConnectionId = id("con");
    DomainId = id("dom");
    EventId = id("evt");
    MemberId = id("mbr");
    InvitationId = id("inv");
    ThemeId = id("thm");
    MailId = id("mal");
    SenderDomainId = id("snd");

    Timestamp = text("A moment in UTC.", "2026-11-23T07:00:00Z").format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
    Slug = text("2 to 50 characters of a-z, 0-9 and inner hyphens.", "globex").pattern(Some("^[a-z0-9][a-z0-9-]{0,48}[a-z0-9]$"));
    Name = text("One line for people.", "Globex").min_length(Some(1)).max_length(Some(200)).pattern(Some(readable(CONTROLS)));
    Note = text("Plain text for people; line breaks are kept.", "For your Monday report").min_length(Some(1)).max_length(Some(2000)).pattern(Some(readable(CONTROLS_BUT_BREAKS)));
    Language = text("The tag of a language (BCP 47).", "de").max_length(Some(35)).pattern(Some("^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$"));
    Opaque = text("A value from outside, kept as it is.", "T024BE7LD").min_length(Some(1)).max_length(Some(500)).pattern(Some(format!("^[^{CONTROLS}{DISGUISES}]+$")));
    Email = text("An address that mail can be sent to.", "jo@globex.example").max_length(Some(254)).pattern(Some(EMAIL));
    Scope = text("A scope of the provider (RFC 6749 §3.3).", "contacts.read").pattern(Some(super::scope::PATTERN));
    Secret = text("Kept sealed, and never shown again.", "at-least-something-secret").min_length(Some(1)).max_length(Some(crate::secret::LONGEST)).pattern(Some("^[ -~]+$")).write_only(true);
    Host = text("A host name, without scheme, port and path.", "connect.northwind.example").min_length(Some(1)).max_length(Some(253));
    Date = text("A calendar date.", "2026-11-23").format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)));
    Uri = text("An absolute address.", "https://idp.example").min_length(Some(1)).max_length(Some(2000));
    Cursor = ObjectBuilder::new().schema_type(Type::String)
        .description(Some("Opaque: the `next_cursor` of the page before.")).pattern(Some("^[A-Za-z0-9_-]{1,200}$"));
    Limit = ObjectBuilder::new().schema_type(Type::Integer).description(Some("Rows of a page."))
        .minimum(Some(1)).maximum(Some(list::Limit::MOST)).default(Some(json!(list::Limit::USUAL)));
    Lifetime = ObjectBuilder::new().schema_type(Type::Integer)
        .description(Some("Seconds that a link lives from the moment it is sent: 1 hour to 30 days."))
        .minimum(Some(Lifetimes::SHORTEST.as_secs() as f64)).maximum(Some(Lifetimes::LONGEST.as_secs() as f64))
        .examples([json!(Lifetimes::MAILED.seconds())]);
    Seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).maximum(Some(60));

    Reminders = OneOfBuilder::new()
        .description(Some("When to remind: `true` for the usual plan, two reminders and a last call spread over the lifetime; `false` for none; or up to two times in seconds after the sending, in order, an hour apart."))
        .item(ObjectBuilder::new().schema_type(Type::Boolean))
        .item(ArrayBuilder::new().items(seconds_of_life()).max_items(Some(2)).unique_items(true));
    LastCall = OneOfBuilder::new()
        .description(Some("The last call, in seconds before the end; `false` for none."))
        .item(ObjectBuilder::new().schema_type(Type::Boolean))
        .item(seconds_of_life());

    RequestStatus = one_of("`queued`: not yet sent, so the client sees nothing.", Requests::ALL);
    ItemStatus = one_of("`held`: another account was connected than the one expected.", Items::ALL);
    ConnectionStatus = one_of("`pending`: connected, not yet proven by a call to the provider.", Connections::ALL);
    GateState = one_of("May the workflow run? `waiting`: a required slot was never connected.", Gates::ALL);
    MissingReason = one_of("Why a slot keeps the gate shut.", Reasons::ALL);
    Resume = one_of("How a paused gate opens again: by itself when all is well, or by hand.", Resumes::ALL);
    ReceiptOutcome = one_of("What the provider said when the grant was revoked there.", Receipts::ALL);
    DomainKind = one_of("`platform`: the host that an agency has from the start.", DomainKinds::ALL);
    DomainState = one_of("`pending_dns`: claimed. `verified`: yours, waiting for its certificate. `live`: served. `drifted`: its DNS points elsewhere. `released`: removed.", DomainStates::ALL);
    DomainCause = one_of("Why a domain is not further. There may be more of them one day.", DomainCauses::ALL);
    ThemeKind = one_of("How much of it you said yourself.", ThemeKinds::ALL);
    PublicationWhy = one_of("`automatic`: its pages could not be made, so the version before it came back.", Whys::ALL);
    EventType = one_of("What happened.", Events::ALL);
    MailKind = one_of("What a mail is for.", MailKinds::ALL);
    Role = one_of("`client`: a portal member of one workspace; all others are staff.", Roles::ALL);
    InvitationStatus = one_of("`expired`: its seven days are over.", Invitations::ALL);
    MailStatus = one_of("`sent`: a relay took it. `delivered`: the receiving side has it. `skipped`: what it was about ended before it could go out. `suppressed`: its address gets nothing more.", Mails::ALL);
    SenderState = one_of("`pending`: its records are not there yet. `drifted`: they were, and are not any more.", SenderStates::ALL);
    SuppressionScope = one_of("What the address gets no more of.", Scopes::ALL);
    SuppressionReason = one_of("Why it gets nothing more.", SuppressionReasons::ALL);
    ReminderStep = one_of("The mails that may follow the first one.", Steps::ALL);
    ApiKeyScope = one_of("What an API key may do.", KeyScope::ALL);
}

const EMAIL: &str = r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+$";

const CONTROLS: &str = r"\u0000-\u001f\u007f-\u009f";
const CONTROLS_BUT_BREAKS: &str = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f";
/// What turns the direction of text around or breaks lines unseen.
const DISGUISES: &str = r"\u2028-\u202e\u2066-\u2069\ufeff";

/// Text without these controls and without disguises, and not just spaces.
fn readable(controls: &str) -> String {
    let free = format!("[^{controls}{DISGUISES}]");
    format!(r"^{free}*[^\s{controls}{DISGUISES}]{free}*$")
}

fn text(description: &str, example: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .examples([json!(example)])
}

/// More than none, and less than the longest life of a link.
fn seconds_of_life() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1))
        .maximum(Some(Lifetimes::LONGEST.as_secs() as f64 - 1.0))
}

fn id(prefix: &str) -> ObjectBuilder {
    let pattern = format!("^{prefix}_[0-9a-hjkmnp-tv-z]{{26}}$");
    let example = format!("{prefix}_01kc76xp00hezapqm44qap4thw");
    text("An id; ids sort by the time they were made.", &example).pattern(Some(pattern))
}

fn one_of<T: serde::Serialize>(description: &str, all: &[T]) -> ObjectBuilder {
    let values: Vec<Value> = all.iter().map(|value| json!(value)).collect();
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .examples(values.first().cloned())
        .enum_values(Some(values))
}
