use crate::support::tls::{TlsEdge, World};
use crate::support::{app, echo};
use rustls::client::{
    ClientSessionMemoryCache, ClientSessionStore, Resumption, Tls12ClientSessionValue,
    Tls13ClientSessionValue,
};
use rustls::pki_types::ServerName;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, NamedGroup, SupportedProtocolVersion};
use std::sync::Arc;
use std::time::Duration;

const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];

/// Asks for a page, by whose end tickets have come. True: by a ticket.
async fn visit(edge: &TlsEdge, client: &Arc<ClientConfig>, host: &str) -> bool {
    let mut connection = edge.open(client, host).await;
    connection.get(host).await;
    connection.resumed()
}

#[tokio::test]
async fn a_ticket_of_one_edge_is_good_at_every_other() {
    let world = World::with(&["acme.example"]);
    let (one, other) = (
        world.edge(&[app(echo).await]),
        world.edge(&[app(echo).await]),
    );
    for version in VERSIONS {
        let client = Arc::new(world.client_of(&[version]));
        assert!(!visit(&one, &client, "acme.example").await);
        assert!(visit(&other, &client, "acme.example").await, "{version:?}");
        // A ticket that was handed out at a resumption is as good.
        assert!(visit(&one, &client, "acme.example").await, "{version:?}");
    }
    for version in ["1.2", "1.3"] {
        let labels = format!(r#"{{result="ok",resumed="yes",version="{version}"}}"#);
        let line = format!("latchkey_edge_handshakes_total{labels}");
        assert_eq!(other.counted(&line), 1, "{}", other.metrics.text());
    }
}

#[tokio::test]
async fn a_ticket_ends_with_its_epochs() {
    let world = World::with(&["acme.example"]);
    let edge = world.edge(&[app(echo).await]);
    for version in VERSIONS {
        let client = Arc::new(world.client_of(&[version]));
        assert!(!visit(&edge, &client, "acme.example").await);
        world.clock.advance(Duration::from_secs(12 * 3600));
        assert!(visit(&edge, &client, "acme.example").await, "{version:?}");
        world.clock.advance(Duration::from_secs(24 * 3600));
        assert!(!visit(&edge, &client, "acme.example").await, "{version:?}");
    }
}

#[tokio::test]
async fn t2_a_ticket_of_one_host_is_not_good_for_another() {
    let world = World::with(&["acme.example", "globex.example"]);
    let edge = world.edge(&[app(echo).await]);
    for version in VERSIONS {
        let mut client = world.client_of(&[version]);
        client.resumption = Resumption::store(Arc::new(Careless::default()));
        let client = Arc::new(client);
        assert!(!visit(&edge, &client, "acme.example").await);
        assert!(visit(&edge, &client, "acme.example").await, "{version:?}");
        assert!(
            !visit(&edge, &client, "globex.example").await,
            "{version:?}"
        );
    }
}

#[tokio::test]
async fn a_host_that_is_gone_is_gone_for_tickets_too() {
    let world = World::with(&["acme.example"]);
    let edge = world.edge(&[app(echo).await]);
    let client = Arc::new(world.client());
    visit(&edge, &client, "acme.example").await;
    world.serve(Vec::new());
    let refused = edge.shake(&client, "acme.example").await;
    assert!(refused.is_err());
}

/// A client that offers every host the tickets of any.
#[derive(Debug)]
struct Careless(ClientSessionMemoryCache);

impl Default for Careless {
    fn default() -> Self {
        Self(ClientSessionMemoryCache::new(8))
    }
}

fn anybody() -> ServerName<'static> {
    ServerName::try_from("any.example").unwrap()
}

impl ClientSessionStore for Careless {
    fn set_kx_hint(&self, _: ServerName<'static>, group: NamedGroup) {
        self.0.set_kx_hint(anybody(), group);
    }

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        self.0.kx_hint(&anybody())
    }

    fn set_tls12_session(&self, _: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.0.set_tls12_session(anybody(), value);
    }

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.0.tls12_session(&anybody())
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {
        self.0.remove_tls12_session(&anybody());
    }

    fn insert_tls13_ticket(&self, _: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.0.insert_tls13_ticket(anybody(), value);
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.0.take_tls13_ticket(&anybody())
    }
}
