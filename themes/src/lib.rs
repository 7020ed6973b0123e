//! Branded pages and mail. Knows a [`Brand`] and typed contexts; knows no agency, no database and no request.

pub mod color;
