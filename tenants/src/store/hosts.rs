//! Which hosts are an agency's, for the pages on them and the redirect URIs that lead to them.

use std::collections::BTreeMap;

use super::{
    PlatformTx, StoreError, Tx,
    agencies::agency,
    statement::{args, statements},
};
use crate::{Agency, AgencyId, DomainState, values::Host};

statements! {
    AGENCY = "select a.* from domains d join agencies a on a.id = d.agency_id where d.host = $1 and d.bound = 1 and d.kind = 'custom' and d.state in ('verified', 'issuing', 'live', 'failing', 'drifted')";
    BOUND = "select state from domains where agency_id = $1 and host = $2 and bound = 1";
    REDIRECT_HOSTS = "select app, redirect_host from oauth_clients where agency_id = $1 order by app";
}

impl PlatformTx {
    /// The agency that a host of its own names: one that it has proven to be its own and has not released (T2).
    pub async fn agency_by_host(&mut self, host: &Host) -> Result<Option<Agency>, StoreError> {
        let row = self.inner.optional(AGENCY, args![host]).await?;
        row.as_ref().map(agency).transpose()
    }

    /// The apps that have OAuth clients, each with the host where it is registered; none: `{slug}.{platform host}`.
    pub async fn redirect_hosts(
        &mut self,
        agency: &AgencyId,
    ) -> Result<BTreeMap<String, Option<Host>>, StoreError> {
        let rows = self.inner.all(REDIRECT_HOSTS, args![agency]).await?;
        rows.iter()
            .map(|row| Ok((row.text("app")?, row.optional_parsed("redirect_host")?)))
            .collect()
    }
}

impl Tx {
    /// How a host that is the agency's stands. None: it is not the agency's, or not any more.
    pub async fn host_state(&mut self, host: &Host) -> Result<Option<DomainState>, StoreError> {
        let agency = self.agency.clone();
        let row = self.inner.optional(BOUND, args![&agency, host]).await?;
        row.map(|row| row.parsed("state")).transpose()
    }
}

/// Short ways for tests: no DNS, no proof, no certificate.
#[cfg(any(test, feature = "testing"))]
mod testing {
    use super::{Host, StoreError, Tx, args};
    use crate::{ActionError, DomainState, store::statement::Statement};

    const SET: Statement = Statement {
        name: "SET",
        sql: "update domains set state = $3, bound = $4, told = coalesce(told, $3) where agency_id = $1 and host = $2",
    };
    const PRIMARY: Statement = Statement {
        name: "PRIMARY",
        sql: "update agencies set primary_host = $2 where id = $1",
    };

    impl Tx {
        /// A host of the agency's own in this state, whatever it was before. The first state is no news to the agency.
        pub(crate) async fn test_domain(
            &mut self,
            host: &Host,
            state: DomainState,
        ) -> Result<(), ActionError> {
            let agency = self.agency.clone();
            let bound = !matches!(state, DomainState::PendingDns | DomainState::Released);
            let set = args![&agency, host, state.as_str(), bound];
            if self.inner.execute(SET, set).await? == 0 {
                self.domain_claim(host, "staff").await?;
                self.inner.execute(SET, set).await?;
            }
            Ok(())
        }

        pub(crate) async fn test_primary(&mut self, host: Option<&Host>) -> Result<(), StoreError> {
            let agency = self.agency.clone();
            self.inner.execute(PRIMARY, args![&agency, host]).await?;
            Ok(())
        }
    }
}
