# The CDDL of the wire, docs/wire.cddl, held against the frozen vectors by a public tool.

wire_cddl() {
    cargo run --quiet --locked --manifest-path tests/cddl/Cargo.toml --target-dir target/cddl
}

install_rust
check "docs/wire.cddl" wire_cddl
