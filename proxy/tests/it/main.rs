//! The edge over real sockets: a hand-written app behind it and a hand-written browser in front.

#[cfg(test)]
mod acme;
#[cfg(test)]
mod bodies;
#[cfg(test)]
mod direct;
#[cfg(test)]
mod direct_failing;
#[cfg(test)]
mod domains;
#[cfg(test)]
mod doubting;
mod draining;
mod failing;
#[cfg(test)]
mod framing;
#[cfg(test)]
mod h2;
#[cfg(test)]
mod h2_attacks;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod limits_edge;
#[cfg(test)]
mod limits_shared;
mod passing;
#[cfg(test)]
mod plain_entrance;
#[cfg(test)]
mod routing;
// The attribute tells clippy that this is test code, helpers too.
#[cfg(test)]
mod support;
#[cfg(test)]
mod telling;
#[cfg(test)]
mod timing;
#[cfg(test)]
mod tls_limits;
#[cfg(test)]
mod tls_names;
#[cfg(test)]
mod tls_orders;
#[cfg(test)]
mod tls_proxy_protocol;
#[cfg(test)]
mod tls_tickets;
