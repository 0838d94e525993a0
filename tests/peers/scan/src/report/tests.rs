//! What the marks say of figures that are made up.

use super::*;

fn of_corpus(ours: Figures, idle: Idle) -> OfCorpus {
    let full = Figures {
        images: 100,
        codes: 200,
        codes_without_lots: 150,
        big_seconds: 10.0,
        slowest_milliseconds: 80.0,
        negative_median_milliseconds: 1.0,
        ..Figures::default()
    };
    let mut figures = vec![full; ALL.len()];
    figures[OURS] = ours;
    let contents =
        Contents { positives: 120, negatives: 30, big: 40, codes: 240, codes_without_lots: 180 };
    OfCorpus { contents, left_out: 0, figures, idle }
}

fn as_good_as_full() -> OfCorpus {
    let ours = Figures {
        images: 100,
        codes: 200,
        big_seconds: 10.0,
        slowest_milliseconds: 80.0,
        ..Figures::default()
    };
    of_corpus(ours, Idle { frame_milliseconds: 0.6, bytes_per_pixel: 1.0, false_reads: 0 })
}

fn at_the_goals() -> OfCorpus {
    let ours = Figures {
        images: 108,
        codes: 212,
        big_seconds: 5.0,
        slowest_milliseconds: 40.0,
        ..Figures::default()
    };
    of_corpus(ours, Idle { frame_milliseconds: 0.25, bytes_per_pixel: 0.05, false_reads: 0 })
}

/// What ours and FULL read of 100 labels at each level.
fn of_scenes(ours: [usize; 3], full: [usize; 3], frames: u32) -> OfScenes {
    let levels = |read: [usize; 3]| {
        read.map(|read| LevelFigures { labels: 100, read, ..LevelFigures::default() })
    };
    let mut of_all = vec![levels(full); ALL.len()];
    of_all[OURS] = levels(ours);
    OfScenes {
        seed: 1,
        levels: of_all,
        slowest: vec![(40.0, "scene".into()); ALL.len()],
        panics: vec![0; ALL.len()],
        counted: Counted {
            frames: vec![frames; 20],
            frames_of_full: vec![30; 20],
            wrong: 0,
            frame_milliseconds: 9.0,
        },
    }
}

fn report(corpus: Option<OfCorpus>, scenes: Option<OfScenes>) -> Report {
    Report { rounds: 2, corpus, scenes }
}

fn last_line(report: &Report) -> String {
    report.to_string().lines().last().unwrap().to_owned()
}

fn line_before(report: &Report) -> String {
    report.to_string().lines().rev().nth(1).unwrap().to_owned()
}

#[test]
fn equal_to_full_is_on_the_floor_and_below_the_goal() {
    let scenes = of_scenes([96, 80, 50], [96, 80, 50], 15);
    let report = report(Some(as_good_as_full()), Some(scenes));
    assert!(report.holds());
    // Nothing falsely read is all that can be asked for.
    assert_eq!(last_line(&report), "floors 10/10, goals 1/10");
    assert_eq!(line_before(&report), "not run: nothing");
}

#[test]
fn the_goals_are_reached_at_their_marks() {
    let scenes = of_scenes([99, 92, 0], [96, 80, 50], 6);
    let mut report = report(Some(at_the_goals()), Some(scenes));
    report.scenes.as_mut().unwrap().slowest[FULL].0 = 80.0;
    assert_eq!(last_line(&report), "floors 10/10, goals 10/10");
}

#[test]
fn one_false_read_is_below_the_floor_wherever_it_is() {
    let mut still = at_the_goals();
    still.figures[OURS].false_reads = 1;
    let mut live = at_the_goals();
    live.idle.false_reads = 1;
    let mut scene = of_scenes([99, 92, 60], [96, 80, 50], 6);
    scene.levels[OURS][2].wrong = 1;
    let mut sequence = of_scenes([99, 92, 60], [96, 80, 50], 6);
    sequence.counted.wrong = 1;
    for report in [
        report(Some(still), None),
        report(Some(live), None),
        report(None, Some(scene)),
        report(None, Some(sequence)),
    ] {
        assert!(!report.holds());
        assert_eq!(report.wrong(), 1);
    }
}

#[test]
fn scenes_that_full_finds_too_easy_or_too_hard_fail_the_run() {
    for full in [[99, 80, 50], [96, 74, 50], [96, 80, 61]] {
        let report = report(None, Some(of_scenes([100, 99, 90], full, 6)));
        assert!(report.standings().hold());
        assert!(!report.holds());
        assert!(report.to_string().contains("scenes out of band: FULL reads"));
    }
}

#[test]
fn the_slowest_call_is_the_slowest_of_both() {
    let report = report(Some(as_good_as_full()), Some(of_scenes([0; 3], [96, 80, 50], 6)));
    assert_eq!(report.slowest(OURS).0, 80.0);
    assert_eq!(self::report(None, report.scenes).slowest(OURS), (40.0, "scene"));
}

#[test]
fn what_was_not_there_is_not_run_and_not_counted() {
    let mut corpus = of_corpus(Figures { images: 100, ..Figures::default() }, Idle::default());
    corpus.contents =
        Contents { negatives: 0, big: 0, codes: 0, codes_without_lots: 0, ..corpus.contents };
    let report = report(Some(corpus), None);
    assert_eq!(last_line(&report), "floors 3/3, goals 2/3");
    let not_run = line_before(&report);
    assert!(not_run.starts_with("not run: codes read; big images; negatives"), "{not_run}");
    assert!(not_run.ends_with("no --scenes)"), "{not_run}");
    let report = self::report(None, Some(of_scenes([0; 3], [96, 80, 50], 6)));
    assert!(line_before(&report).starts_with("not run: the corpus"));
}
