//! Branded pages and mail
