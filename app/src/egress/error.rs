/// Why a call brought no answer. Holds the host and nothing else of the request or the answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    #[error("the call to {host} is not allowed: {reason}")]
    Refused { host: String, reason: Refusal },
    /// No address, no connection, or no trusted TLS: the request was not sent.
    #[error("{host} could not be reached")]
    Connect { host: String },
    /// The request may or may not have been acted on.
    #[error("{host} did not answer in time")]
    Timeout { host: String },
    #[error("the answer of {host} is too large")]
    TooLarge { host: String },
    /// The request may or may not have been acted on.
    #[error("{host} did not answer with correct HTTP")]
    Protocol { host: String },
}

impl EgressError {
    pub fn host(&self) -> &str {
        match self {
            Self::Refused { host, .. }
            | Self::Connect { host }
            | Self::Timeout { host }
            | Self::TooLarge { host }
            | Self::Protocol { host } => host,
        }
    }
}

/// The rule of the policy that stands against a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("only https is allowed")]
    Scheme,
    #[error("the address names no host")]
    Host,
    #[error("the address holds a user name or password")]
    UserInfo,
    #[error("this port is not for the web")]
    Port,
    #[error("this method is not allowed")]
    Method,
    #[error("it is not on the public internet")]
    Address,
}
