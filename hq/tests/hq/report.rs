use std::path::PathBuf;

use crewseal_custody::personal::Personal;
use crewseal_custody::{EventKind, Record, Role};
use crewseal_hq::evidence::job_summary::JobSummary;
use crewseal_hq::evidence::report::{Report, render};

use crate::day::{Day, More, at, moving_day};

fn page(day: &Day, title: &str) -> String {
    let reading = Record::read(&day.export(), Some(&day.hq_keys().identity())).unwrap();
    render(&Report {
        title: &Personal::new(title),
        customer: Some(&Personal::new("Customer 1")),
        origin: Some(&Personal::new("5 Example Street")),
        destination: Some(&Personal::new("12 Sample Road")),
        reading: &reading,
        file: "custody.crewseal",
    })
}

/// With `REPORT_DIR` set, the page is left there to be looked at.
fn keep(name: &str, page: &str) {
    if let Some(folder) = std::env::var_os("REPORT_DIR") {
        std::fs::write(PathBuf::from(folder).join(name), page).unwrap();
    }
}

#[test]
fn the_page_tells_the_day() {
    let day = moving_day();
    let page = page(&day, "Move 1 of the day, 14 March");
    keep("report.html", &page);
    let headline = "41 of 42 boxes delivered; 1 missing, 1 seal broken; every signature verified.";
    assert!(page.replace("<span>", "").replace("</span>", "").contains(headline));
    for label in &day.labels[..42] {
        let last_four = label.to_groups().pop().unwrap();
        assert!(page.contains(&format!("id=\"box-{last_four}\"")), "{last_four}");
    }
    for label in &day.labels[42..] {
        let last_four = label.to_groups().pop().unwrap();
        assert!(!page.contains(&last_four), "a box of another job");
    }
    let reading = Record::read(&day.export(), None).unwrap();
    let summary = JobSummary::of(&reading);
    assert_eq!(summary.matters.len(), 3);
    for matter in &summary.matters {
        let name = crewseal_hq::evidence::wording::sentence(matter.kind.name());
        assert!(page.contains(&format!("<h3>{name}</h3>")), "{name}");
    }
    assert_eq!(summary.route.len(), 6);
    assert_eq!(page.matches("both signed").count(), 3);
    assert!(page.contains("crewseal-hq verify custody.crewseal"));
    assert!(!page.contains("unknown device"));
    assert!(page.len() < 300_000, "{} bytes", page.len());
}

#[test]
fn the_page_loads_nothing_and_tells_no_label() {
    let day = moving_day();
    let page = page(&day, "Move 1 of the day, 14 March");
    for outward in ["http:", "https:", "src=", "<link", "<script", "@import", "url("] {
        assert!(!page.contains(outward), "{outward}");
    }
    assert!(page.matches("href=\"").count() == page.matches("href=\"#").count());
    for label in &day.labels {
        let groups = label.to_groups();
        assert!(!page.contains(&label.to_text()));
        assert!(!page.contains(&groups[6]), "more than the last four");
    }
}

#[test]
fn hostile_texts_stay_texts() {
    let mut day = moving_day();
    day.enrol("<img onerror=x>", Role::Mover);
    day.act(5, EventKind::Count, &[0], at(17, 0), More::default());
    let page = page(&day, "</title><script>alert(1)</script>\"&");
    assert!(!page.contains("<script"));
    assert!(!page.contains("<img"));
    assert!(page.contains("&lt;/title&gt;&lt;script&gt;"));
}

#[test]
fn a_broken_record_says_so_first() {
    let day = moving_day();
    let mut record = day.record();
    let last = record.events[2].len() - 1;
    record.events[2][last] ^= 1;
    let bytes = day.hq.sign(record).as_bytes().to_vec();
    let reading = Record::read(&bytes, None).unwrap();
    let title = Personal::new("Move 1 of the day");
    let (customer, origin, destination) = (None, None, None);
    let file = "custody.crewseal";
    let page =
        render(&Report { title: &title, customer, origin, destination, reading: &reading, file });
    keep("broken.html", &page);
    assert!(page.contains("1 part of the record does not hold"));
    let flaw = page.find("event 3</strong>: the signature does not fit").unwrap();
    assert!(flaw < page.find("To look into").unwrap());
    assert!(!page.contains("every signature verified"));
}

#[test]
fn a_job_that_has_not_begun_has_a_page_too() {
    let page = page(&Day::new(3, 0), "Move 1 of the day");
    assert!(page.contains("No box taken over yet;"));
    assert!(page.contains("not taken over"));
    assert!(page.contains("Nothing was found and nothing contradicts."));
}
