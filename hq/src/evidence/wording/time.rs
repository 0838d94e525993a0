//! Times, as people write them. All are UTC.

/// A time in full: `2026-03-14 09:12 UTC`.
#[must_use]
pub fn time(at: u64) -> String {
    format_time(at, "%Y-%m-%d %H:%M UTC")
}

/// A time where a column says that it is UTC: `14 Mar 09:12`, on one line.
#[must_use]
pub fn day_and_time(at: u64) -> String {
    format_time(at, "%-d\u{a0}%b\u{a0}%H:%M")
}

/// The time of two on one day said once: `14 Mar 09:12 – 10:30`.
#[must_use]
pub fn span(from: u64, to: u64) -> String {
    let day = |at| format_time(at, "%F");
    if from / 60 == to / 60 {
        day_and_time(from)
    } else if day(from) == day(to) {
        let clock = |at| format_time(at, "%H:%M");
        // The word joiner keeps a line from ending at the dash.
        format!(
            "{} {}\u{a0}–\u{2060}\u{a0}{}",
            format_time(from, "%-d\u{a0}%b"),
            clock(from),
            clock(to)
        )
    } else {
        format!("{} – {}", day_and_time(from), day_and_time(to))
    }
}

/// When something happened, as far as HQ's clock proves it.
#[must_use]
pub fn proven(not_before: Option<u64>, not_after: Option<u64>) -> String {
    match (not_before, not_after) {
        (Some(from), Some(to)) => span(from, to),
        (Some(from), None) => format!("after {}", day_and_time(from)),
        (None, Some(to)) => format!("before {}", day_and_time(to)),
        (None, None) => "not bounded".to_owned(),
    }
}

fn format_time(at: u64, format: &str) -> String {
    let seconds = i64::try_from(at).ok();
    let time = seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    time.map_or_else(
        || format!("second {at} of no calendar"),
        |time| time.strftime(format).to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARCH_14: u64 = 1_773_479_520;

    #[test]
    fn times_read_as_people_write_them() {
        assert_eq!(time(MARCH_14), "2026-03-14 09:12 UTC");
        let on_page = |text: String| text.replace('\u{a0}', " ").replace('\u{2060}', "");
        assert_eq!(on_page(day_and_time(MARCH_14)), "14 Mar 09:12");
        assert_eq!(on_page(span(MARCH_14, MARCH_14 + 4680)), "14 Mar 09:12 – 10:30");
        let next_day = span(MARCH_14, MARCH_14 + 86_400);
        assert_eq!(on_page(next_day), "14 Mar 09:12 – 15 Mar 09:12");
        assert_eq!(on_page(span(MARCH_14, MARCH_14 + 20)), "14 Mar 09:12");
        assert_eq!(proven(None, None), "not bounded");
        assert_eq!(time(u64::MAX), "second 18446744073709551615 of no calendar");
    }
}
