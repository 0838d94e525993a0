# Everything of cargo's but HQ's own tests: the form of the code, what it depends on, its tests, and
# how large the library is that apps get.

documentation() {
    RUSTDOCFLAGS="--deny warnings" cargo doc --quiet --workspace --all-features --no-deps
}

dependencies() {
    "$TOOLS/bin/cargo-deny" --log-level error check bans licenses sources
}

advisories() {
    "$TOOLS/bin/cargo-deny" --log-level error check advisories
}

install_rust
install_rust_checks
check "cargo fmt" cargo fmt --all --check
check "cargo clippy" cargo clippy --quiet --workspace --all-features --all-targets -- --deny warnings
check "cargo doc" documentation
check "cargo deny" dependencies
if "$TOOLS/bin/cargo-deny" --log-level off fetch db >/dev/null 2>&1; then
    check "advisories" advisories
else
    echo "== advisories: not checked, their database cannot be reached from here"
fi
cargo_programs rust
cargo_examples
check "size of the library" tests/compare size --ledger
