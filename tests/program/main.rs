//! The program as its users start it: arguments and settings in, answers and exit codes out.

mod answers;
#[cfg(test)]
mod http;
mod killed;
mod serving;
// The attribute tells clippy that this is test code.
#[cfg(test)]
mod support;
