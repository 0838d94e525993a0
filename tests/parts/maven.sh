# What the parts in Kotlin have in common.

maven() {
    mvn --batch-mode --no-transfer-progress --quiet --file "$1" verify
}

# Adds what JUnit's reports in these directories say, after Maven has ended with a status.
count_junit() {
    local name=$1 status=$2 ok bad
    shift 2
    ok=$(in_reports tests "$@")
    bad=$(($(in_reports failures "$@") + $(in_reports errors "$@")))
    # A test that is passed over has not passed.
    bad=$((bad + $(in_reports skipped "$@")))
    count "$name" "$((ok - bad))" "$bad" "$status"
}

# The sum of a number that JUnit's reports give for each class.
in_reports() {
    local number=$1
    shift
    find "$@" -name 'TEST-*.xml' -exec cat {} + 2>/dev/null |
        sed -n "s/^<testsuite .* $number=\"\([0-9]*\)\".*/\1/p" |
        awk '{ sum += $1 } END { print sum + 0 }'
}
