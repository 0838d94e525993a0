# What several parts build and run with cargo. All of the workspace is always built at once, with
# all features: a package alone would be built with other features, and its dependencies with it.

# Cargo's own test programs, each test counted: those of a part, as tests/parts/runner sorts them.
cargo_programs() {
    CREWSEAL_PART=$1 counted_tests "the test programs of $1" --lib --bins --tests \
        --config "target.'cfg(all())'.runner = ['$PWD/tests/parts/runner']"
}

# The examples in the documentation.
cargo_examples() {
    counted_tests "the examples in the documentation" --doc
}

counted_tests() {
    local name=$1 log status ok bad
    shift
    echo "== $name"
    log=$(mktemp)
    cargo test --workspace --all-features --no-fail-fast "$@" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    ok=$(awk '/^test result:/ { sum += $4 } END { print sum + 0 }' "$log")
    bad=$(awk '/^test result:/ { sum += $6 } END { print sum + 0 }' "$log")
    rm -f "$log"
    count "$name" "$ok" "$bad" "$status"
}

# The library, HQ and the generators.
library() {
    echo "== the library and HQ"
    cargo build --quiet --workspace --all-features
}
