#[cfg_attr(
    not(test),
    expect(dead_code, unused_imports, reason = "no command starts the demo yet")
)]
mod demo;

fn main() {}
