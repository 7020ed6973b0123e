use ring::digest;

use crate::{AgencyId, EventId, Timestamp, text_enum};

text_enum! {
    /// The kinds of lines in the audit log.
    EventType {
        AgencyCreated = "agency.created", AgencySuspended = "agency.suspended", AgencyResumed = "agency.resumed",
        AgencyChanged = "agency.changed",
        ApiKeyCreated = "api_key.created", ApiKeyRevoked = "api_key.revoked",
        AppCreated = "app.created", OauthClientStored = "oauth_client.stored", OauthClientMoved = "oauth_client.moved", AppUnavailable = "app.unavailable",
        WorkspaceCreated = "workspace.created", WorkspaceRenamed = "workspace.renamed", WorkspaceExported = "workspace.exported",
        WorkspaceSuspended = "workspace.suspended", WorkspaceResumed = "workspace.resumed",
        WorkspaceClosing = "workspace.closing", WorkspaceDeleted = "workspace.deleted", WorkflowCreated = "workflow.created", WorkflowChanged = "workflow.changed",
        RequestCreated = "request.created", RequestSent = "request.sent", RequestResent = "request.resent",
        RequestLinkMade = "request.link_made", RequestOpened = "request.opened", RequestCompleted = "request.completed",
        RequestExpired = "request.expired", RequestCancelled = "request.cancelled", RequestRenewed = "request.renewed",
        FlowStarted = "flow.started", FlowFailed = "flow.failed",
        ItemFulfilled = "item.fulfilled", ItemHeld = "item.held", ItemDeclined = "item.declined", ItemRevoked = "item.revoked",
        ItemAccepted = "item.accepted", ItemReleased = "item.released", ItemForwarded = "item.forwarded",
        ConnectionActive = "connection.active", ConnectionError = "connection.error", ConnectionRevoked = "connection.revoked",
        ConnectionRefreshed = "connection.refreshed", ConnectionReconnected = "connection.reconnected",
        ConnectionPaused = "connection.paused", ConnectionResumed = "connection.resumed", ConnectionAdopted = "connection.adopted",
        GateOpened = "gate.opened", GatePaused = "gate.paused",
        DomainClaimed = "domain.claimed", DomainVerified = "domain.verified", DomainLive = "domain.live",
        DomainFailing = "domain.failing", DomainDrifted = "domain.drifted", DomainReleased = "domain.released",
        DomainTransferred = "domain.transferred", DomainPrimary = "domain.primary",
        CertificateIssued = "certificate.issued",
        ThemeUploaded = "theme.uploaded", ThemeDeleted = "theme.deleted", ThemePublished = "theme.published", ThemeRolledBack = "theme.rolled_back",
        MemberInvited = "member.invited", InvitationResent = "invitation.resent", InvitationWithdrawn = "invitation.withdrawn",
        MemberJoined = "member.joined", MemberChanged = "member.changed", MemberRemoved = "member.removed",
        OwnershipTransferred = "ownership.transferred", SessionStarted = "session.started", SessionEnded = "session.ended",
        PasswordChanged = "password.changed", TotpEnrolled = "totp.enrolled", TotpRemoved = "totp.removed", TotpReset = "totp.reset", TotpRequired = "totp.required",
        BackupCodesRenewed = "backup_codes.renewed", PasskeyAdded = "passkey.added", PasskeyRemoved = "passkey.removed",
        IdentityProviderStored = "identity_provider.stored", IdentityProviderRemoved = "identity_provider.removed",
        MailSent = "mail.sent", MailFailed = "mail.failed", MailBounced = "mail.bounced", MailComplained = "mail.complained",
        SenderClaimed = "sender_domain.claimed", SenderVerified = "sender_domain.verified",
        SenderDrifted = "sender_domain.drifted", SenderReleased = "sender_domain.released",
        RelayStored = "mail_relay.stored", RelayRemoved = "mail_relay.removed",
        AuditExported = "audit.exported",
        RecipientUnsubscribed = "recipient.unsubscribed", SuppressionRemoved = "suppression.removed",
    }
}

/// One line of the audit log, chained to the one before it by its hash.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: EventId,
    pub seq: i64,
    pub kind: EventType,
    /// Who: `api_key:key_...`, `recipient:jo@...`, `system`.
    pub actor: String,
    /// What it is about: an id.
    pub subject: String,
    pub data: serde_json::Value,
    pub created_at: Timestamp,
    pub previous_hash: Vec<u8>,
    pub hash: Vec<u8>,
}

/// An event as its cause reports it.
#[derive(Clone, Debug)]
pub struct NewEvent<'a> {
    pub kind: EventType,
    pub actor: &'a str,
    pub subject: &'a str,
    pub data: serde_json::Value,
}

/// SHA-256 over every field with its length in front, the previous hash first.
pub fn event_hash(
    agency: &AgencyId,
    previous: &[u8],
    seq: i64,
    event: &NewEvent<'_>,
    data: &str,
    at: Timestamp,
) -> Vec<u8> {
    let mut hash = digest::Context::new(&digest::SHA256);
    let (seq, at) = (seq.to_le_bytes(), at.micros().to_le_bytes());
    let parts: [&[u8]; 8] = [
        previous,
        agency.as_str().as_bytes(),
        &seq,
        event.kind.as_str().as_bytes(),
        event.actor.as_bytes(),
        event.subject.as_bytes(),
        data.as_bytes(),
        &at,
    ];
    for part in parts {
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finish().as_ref().to_vec()
}
