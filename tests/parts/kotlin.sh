# Kotlin on the JVM, against the library and HQ that cargo builds.

kotlin_tests() {
    echo "== Kotlin"
    rm -rf bindings/kotlin/target/surefire-reports
    local status=0
    library && maven bindings/kotlin/pom.xml || status=1
    count_junit Kotlin "$status" bindings/kotlin/target/surefire-reports
}

install_rust
install_java
kotlin_tests
