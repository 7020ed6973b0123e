//! The branded link, its dead ends, its session and its forms.

mod csrf;
mod dead;
mod fresh;
mod hostile_text;
mod hosts;
mod language;
mod limits;
mod live;
mod open;
mod order;
mod sessions;
mod suspension;
