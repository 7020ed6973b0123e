use crate::{
    ChallengeKind, Timestamp,
    store::{
        PlatformTx, StoreError, Tx,
        statement::{args, statements},
    },
    values::Host,
};

statements! {
    PUT = "insert into challenges (agency_id, host, kind, token, key_authorization, created_at, expires_at) select $1, $2, $3, $4, $5, cast($6 as bigint), cast($7 as bigint) from domains where agency_id = $1 and host = $2 and bound = 1 on conflict (agency_id, host, kind, token) do update set key_authorization = excluded.key_authorization, created_at = excluded.created_at, expires_at = excluded.expires_at";
    EVERY_OPEN = "select host, kind, token, key_authorization from challenges where expires_at > $1 order by created_at desc, token limit $2";
    DROP = "delete from challenges where host = $1 or expires_at <= $2";
    DROP_OWN = "delete from challenges where agency_id = $1 and host = $2";
}

const MAX_OPEN: i64 = 10_000;

/// A challenge that every edge can answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenChallenge {
    pub host: String,
    pub kind: ChallengeKind,
    pub token: String,
    pub key_authorization: String,
}

impl Tx {
    /// Lets every edge answer a challenge for a host of the agency. False: the host is not the agency's.
    pub async fn challenge_put(
        &mut self,
        host: &Host,
        kind: ChallengeKind,
        token: &str,
        key_authorization: &str,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let put = args![
            &agency,
            host,
            kind.as_str(),
            token,
            key_authorization,
            now,
            expires_at
        ];
        Ok(self.inner.execute(PUT, put).await? > 0)
    }

    pub(in crate::store) async fn challenges_end(&mut self, host: &Host) -> Result<(), StoreError> {
        let agency = self.agency.clone();
        self.inner.execute(DROP_OWN, args![&agency, host]).await?;
        Ok(())
    }
}

impl PlatformTx {
    /// All that are open, newest first, at most 10,000.
    pub async fn challenges_open(&mut self) -> Result<Vec<OpenChallenge>, StoreError> {
        let now = self.now();
        let rows = self.inner.all(EVERY_OPEN, args![now, MAX_OPEN]).await?;
        rows.iter()
            .map(|row| {
                Ok(OpenChallenge {
                    host: row.text("host")?,
                    kind: row.parsed("kind")?,
                    token: row.text("token")?,
                    key_authorization: row.text("key_authorization")?,
                })
            })
            .collect()
    }

    /// Ends the host's challenges, and every other whose time is over.
    pub async fn challenges_drop(&mut self, host: &str) -> Result<(), StoreError> {
        let now = self.now();
        self.inner.execute(DROP, args![host, now]).await?;
        Ok(())
    }
}
