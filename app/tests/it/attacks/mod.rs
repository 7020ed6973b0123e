//! What an attacker tries against a flow, by the ids of the security design.
