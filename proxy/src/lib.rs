//! The Pingora edge
