//! The program as its users start it: arguments and settings in, answers and exit codes out.

mod answers;
mod serving;
// The attribute tells clippy that this is test code.
#[cfg(test)]
mod authority;
#[cfg(test)]
mod checks;
#[cfg(test)]
mod domains;
#[cfg(test)]
mod hostile_themes;
#[cfg(test)]
mod http;
#[cfg(test)]
mod killed;
#[cfg(test)]
mod leaks;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod postgres;
#[cfg(test)]
mod refused;
#[cfg(test)]
mod replaced;
#[cfg(test)]
mod scanners;
#[cfg(test)]
mod sink;
#[cfg(test)]
mod support;
#[cfg(test)]
mod themes;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod wedged;
