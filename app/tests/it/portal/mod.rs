//! What clients see of their own: inbox, connections, and the same without an account.

mod care;
mod forwards;
mod inbox;
mod journey;
mod older;
mod own;
mod scene;
mod strangers;
mod suspension;
