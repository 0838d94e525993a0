# Swift, and iOS's part on top of it, against the library and HQ that cargo builds.

# A Swift package's tests, against the library and HQ that cargo builds.
swift_tests() {
    local name=$1 package=$2 log ok bad status
    echo "== $name"
    log=$(mktemp)
    # SwiftPM keeps a plan that lacks what was added since to a package that this one uses.
    rm -f "target/swift/$package"/*.yaml
    LD_LIBRARY_PATH=$PWD/target/debug tests/with-swift timeout --signal KILL 900 \
        swift test --disable-xctest --no-parallel --package-path "$package" --scratch-path "target/swift/$package" \
        -Xlinker "-L$PWD/target/debug" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    ok=$(grep -c '^✔ Test "' "$log")
    # A test that is passed over has not passed.
    bad=$(grep -c -e '^✘ Test ".* failed after' -e '^[^ ]* Test .* skipped' "$log")
    rm -f "$log"
    count "$name" "$ok" "$bad" "$status"
}

# The code of the guide is in it as a developer would copy it.
ios_against_stubs() {
    local code=target/swift/guide.swift
    mkdir -p target/swift
    sed -n '/^```swift$/,/^```$/{/^```/!p}' docs/ios.md >"$code"
    [ -s "$code" ] && tests/with-swift timeout --signal KILL 600 ios/check target/swift/ios-check "$code"
}

ios_texts() {
    local fresh=target/swift/texts
    rm -rf "$fresh"
    target/debug/crewseal-texts bindings/texts/texts.json --apple "$fresh" &&
        for language in en zh-Hans; do
            diff "$fresh/$language.lproj/Crewseal.strings" \
                "ios/Sources/CrewsealIOS/Resources/$language.lproj/Crewseal.strings" || return 1
        done
}

install_rust
install_swift
if library; then
    swift_tests "Swift" bindings/swift
    swift_tests "iOS, what decides" ios
    check "iOS, type-checked against stubs, with the code of docs/ios.md" ios_against_stubs
    check "iOS, its texts are those of the table" ios_texts
else
    count "the library and HQ" 0 0 1
fi
