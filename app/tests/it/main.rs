//! Tests against real sockets.

mod protocol;
