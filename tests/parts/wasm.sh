# Custody for wasm32: it builds, asks its host for nothing, and verifies there what it verifies here.

custody_for_wasm() {
    "${WASM_CARGO[@]}" --quiet --locked --release --package custody-wasm --target wasm32-unknown-unknown
}

verify_in_wasm() {
    node tests/wasm/verify.mjs target/wasm32-unknown-unknown/release/custody_wasm.wasm \
        core/custody/tests/vectors/v1.txt
}

install_rust
install_wasm
check "custody builds for wasm32" custody_for_wasm
check "custody verifies in WebAssembly" verify_in_wasm
