//! From "this host shall be ours" to "it is proven, leads here, and an authority will issue for it".

pub mod dns;
