//! The app catalogue: providers are data, one TOML file each in `tenants/apps/`.

mod app;

pub use app::*;
