# HQ's own tests.

install_rust
cargo_programs hq
