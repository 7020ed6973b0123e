//! The part of a flow that changes hosts: from the page's host to that of the redirect URI, and back.
//!
//! Each of the two steps is carried by a ticket: one use, a minute, stored as its hash, found only by the agency of the flow.

use std::time::Duration;

use secrecy::SecretString;

use super::{
    StoreError, Tx,
    data_keys::{AGENCY_SCOPE, Cell},
    flows::{Flow, FlowTrace, read_trace},
    statement::{args, statements},
};
use crate::{FlowId, Timestamp, secret::secret_hash};

statements! {
    PEEK_HOP = "select request_id, item_id, connection_id, app, host, state_hash, cookie_hash, session_hash, redirect_host, hop_cookie_hash from flows where agency_id = $1 and hop_hash = $2";
    PEEK_RETURN = "select request_id, item_id, connection_id, app, host, state_hash, cookie_hash, session_hash, redirect_host, hop_cookie_hash from flows where agency_id = $1 and return_hash = $2";
    HOP_URL = "select id, hop_url from flows where agency_id = $1 and hop_hash = $2 and hop_url is not null";
    TAKE_HOP = "update flows set hop_cookie_hash = $3, hop_url = null where agency_id = $1 and hop_hash = $2 and hop_cookie_hash is null and used_at is null and hop_until > $4 and expires_at > $4";
    KEEP_ANSWER = "update flows set answer = $3, return_hash = $4, return_until = $5 where agency_id = $1 and id = $2 and redirect_host is not null and used_at is not null and return_hash is null";
    ANSWER = "select id, answer from flows where agency_id = $1 and return_hash = $2 and answer is not null";
    TAKE_RETURN = "update flows set answer = null where agency_id = $1 and return_hash = $2 and answer is not null and return_until > $3 and expires_at > $3 returning id, request_id, item_id, app, ctx, host, cookie_hash, session_hash, verifier, nonce, redirect_uri, issuer, scopes, host_vars, connection_id";
}

/// How long a browser has from one host to the other.
pub const TICKET_LIFETIME: Duration = Duration::from_mins(1);

/// The way to the host of the redirect URI, before it starts.
pub struct NewHop<'a> {
    /// The host of the redirect URI.
    pub host: &'a str,
    pub ticket: &'a SecretString,
    /// Where that host sends the browser: the provider, with `state`.
    pub url: &'a SecretString,
}

/// The half of a flow on the host of the redirect URI.
#[derive(Debug)]
pub struct HopTrace {
    pub host: String,
    /// Of the cookie on this host. None: no browser has arrived there.
    pub cookie_hash: Option<Vec<u8>>,
}

/// What [`Tx::flow_start`] stores of a hop.
pub(super) struct HopColumns<'a> {
    pub redirect_host: &'a str,
    pub hash: Vec<u8>,
    pub until: Timestamp,
    pub url: Vec<u8>,
}

impl Tx {
    pub(super) async fn hop_columns<'a>(
        &mut self,
        id: &FlowId,
        hop: &NewHop<'a>,
    ) -> Result<HopColumns<'a>, StoreError> {
        Ok(HopColumns {
            redirect_host: hop.host,
            hash: secret_hash(hop.ticket),
            until: self.now().plus(TICKET_LIFETIME),
            url: self.seal(cell(id, "hop_url"), hop.url).await?,
        })
    }

    /// What a ticket to the host of the redirect URI is about, used or not.
    pub async fn flow_hop_trace(
        &mut self,
        ticket: &SecretString,
    ) -> Result<Option<FlowTrace>, StoreError> {
        let agency = self.agency.clone();
        let hash = secret_hash(ticket);
        let row = self.inner.optional(PEEK_HOP, args![&agency, &hash]).await?;
        row.as_ref().map(read_trace).transpose()
    }

    /// Takes the ticket, once, while it lives, for the browser that gets this cookie. Answers where that browser goes.
    pub async fn flow_hop_take(
        &mut self,
        ticket: &SecretString,
        cookie: &SecretString,
    ) -> Result<Option<SecretString>, StoreError> {
        let (agency, now, hash) = (self.agency.clone(), self.now(), secret_hash(ticket));
        let row = self.inner.optional(HOP_URL, args![&agency, &hash]).await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let (id, url): (FlowId, _) = (row.parsed("id")?, row.bytes("hop_url")?);
        let taken = self
            .inner
            .execute(TAKE_HOP, args![&agency, &hash, &secret_hash(cookie), now])
            .await?;
        match taken {
            0 => Ok(None),
            _ => self.open(cell(&id, "hop_url"), &url).await.map(Some),
        }
    }

    /// Keeps what a provider answered on the host of the redirect URI until the page's host asks for it with the ticket.
    /// `flow` was taken in this transaction; false: it has no hop, or its answer is kept already.
    pub async fn flow_answer_keep(
        &mut self,
        flow: &FlowId,
        answer: &SecretString,
        ticket: &SecretString,
    ) -> Result<bool, StoreError> {
        let (agency, until) = (self.agency.clone(), self.now().plus(TICKET_LIFETIME));
        let answer = self.seal(cell(flow, "answer"), answer).await?;
        let kept = self
            .inner
            .execute(
                KEEP_ANSWER,
                args![&agency, flow, &answer, &secret_hash(ticket), until],
            )
            .await?;
        Ok(kept == 1)
    }

    /// What a ticket back to the page's host is about, used or not.
    pub async fn flow_return_trace(
        &mut self,
        ticket: &SecretString,
    ) -> Result<Option<FlowTrace>, StoreError> {
        let agency = self.agency.clone();
        let hash = secret_hash(ticket);
        let row = self
            .inner
            .optional(PEEK_RETURN, args![&agency, &hash])
            .await?;
        row.as_ref().map(read_trace).transpose()
    }

    /// Takes the ticket, once, while it lives: the flow, and what the provider answered.
    pub async fn flow_return_take(
        &mut self,
        ticket: &SecretString,
    ) -> Result<Option<(Flow, SecretString)>, StoreError> {
        let (agency, now, hash) = (self.agency.clone(), self.now(), secret_hash(ticket));
        let row = self.inner.optional(ANSWER, args![&agency, &hash]).await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let (id, answer): (FlowId, _) = (row.parsed("id")?, row.bytes("answer")?);
        let taken = self
            .inner
            .optional(TAKE_RETURN, args![&agency, &hash, now])
            .await?;
        match taken {
            None => Ok(None),
            Some(row) => {
                let answer = self.open(cell(&id, "answer"), &answer).await?;
                Ok(Some((self.read_flow(&row).await?, answer)))
            }
        }
    }
}

fn cell<'a>(flow: &'a FlowId, field: &'a str) -> Cell<'a> {
    Cell {
        scope: AGENCY_SCOPE,
        row: flow.as_str(),
        field,
    }
}
