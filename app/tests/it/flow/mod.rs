//! A client opens a link, connects what is asked, and what can go wrong on the way.

mod happy;
