use proptest::prelude::*;

use super::*;

fn stroke(points: &[(u16, u16, u32)]) -> Stroke {
    Stroke { points: points.iter().map(|&(x, y, millis)| Point { x, y, millis }).collect() }
}

/// A hook and a dot.
fn strokes() -> Vec<Stroke> {
    vec![stroke(&[(4, 20, 0), (30, 5, 16), (50, 33, 33), (50, 33, 33)]), stroke(&[(10, 8, 300)])]
}

fn refused(width: u16, height: u16, strokes: Vec<Stroke>) -> DrawingError {
    let bytes =
        cbor::to_vec(&Written { version: Version, width, height, strokes: strokes.clone() });
    let refused = Drawing::new(width, height, strokes).unwrap_err();
    assert_eq!(Drawing::from_bytes(&bytes), Err(refused), "made and read by one rule");
    refused
}

#[test]
fn a_blank_pad_is_no_signature() {
    assert_eq!(refused(60, 40, Vec::new()), DrawingError::Blank);
    assert_eq!(refused(60, 40, vec![stroke(&[(5, 5, 0)])]), DrawingError::Blank);
    let taps = vec![stroke(&[(5, 5, 0), (5, 5, 9)]), stroke(&[(9, 9, 20)])];
    assert_eq!(refused(60, 40, taps), DrawingError::Blank);
    assert_eq!(
        refused(60, 40, vec![stroke(&[(4, 4, 0), (5, 5, 1)]), stroke(&[])]),
        DrawingError::EmptyStroke { stroke: 1 }
    );
}

#[test]
fn limits_hold_to_the_last() {
    for (width, height) in [(0, 40), (60, 0), (Drawing::MOST_SIDE + 1, 40), (60, u16::MAX)] {
        assert_eq!(refused(width, height, strokes()), DrawingError::Pad { width, height });
    }
    let edge = stroke(&[(0, 0, 0), (59, 39, 0)]);
    assert!(Drawing::new(60, 40, vec![edge]).is_ok());
    for outside in [(60, 39), (59, 40), (u16::MAX, 0)] {
        let points = [(0, 0, 0), (outside.0, outside.1, 0)];
        let expected = DrawingError::Outside { stroke: 0, point: 1 };
        assert_eq!(refused(60, 40, vec![stroke(&points)]), expected);
    }
    let fallen = vec![stroke(&[(0, 0, 0), (1, 1, 9)]), stroke(&[(2, 2, 8)])];
    assert_eq!(refused(60, 40, fallen), DrawingError::Time { stroke: 1, point: 0 });

    let many = |strokes: usize, points: usize| {
        let points = [(1, 1, 0), (2, 2, u32::MAX)].into_iter().cycle().take(points);
        vec![stroke(&points.map(|(x, y, _)| (x, y, u32::MAX)).collect::<Vec<_>>()); strokes]
    };
    assert!(
        Drawing::new(
            60,
            40,
            many(Drawing::MOST_STROKES, Drawing::MOST_POINTS / Drawing::MOST_STROKES)
        )
        .is_ok()
    );
    assert_eq!(refused(60, 40, many(Drawing::MOST_STROKES + 1, 2)), DrawingError::TooManyStrokes);
    assert!(Drawing::new(60, 40, many(1, Drawing::MOST_POINTS)).is_ok());
    assert_eq!(refused(60, 40, many(1, Drawing::MOST_POINTS + 1)), DrawingError::TooManyPoints);
    assert_eq!(Drawing::from_bytes(&vec![0; MOST_BYTES + 1]), Err(DrawingError::TooManyPoints));
}

/// The largest drawing that is allowed is not refused for its bytes.
#[test]
fn the_largest_drawing_is_read() {
    let at = Drawing::MOST_SIDE - 1;
    let mut points = vec![(at, at, u32::MAX); Drawing::MOST_POINTS / Drawing::MOST_STROKES];
    points[0].0 = at - 1;
    let drawing = Drawing::new(
        Drawing::MOST_SIDE,
        Drawing::MOST_SIDE,
        vec![stroke(&points); Drawing::MOST_STROKES],
    )
    .unwrap();
    let bytes = drawing.to_bytes();
    assert!(bytes.len() <= MOST_BYTES && bytes.len() > MOST_BYTES * 8 / 10, "{}", bytes.len());
    assert_eq!(Drawing::from_bytes(&bytes), Ok(drawing));
}

#[test]
fn what_was_frozen_is_written_the_same_today() {
    let drawing = Drawing::new(60, 40, strokes()).unwrap();
    let frozen = [
        0xa4, 0, 1, 1, 0x18, 60, 2, 0x18, 40, 3, 0x82, // map, pad, two strokes
        0x84, 0x83, 4, 20, 0, 0x83, 0x18, 30, 5, 16, // four points
        0x83, 0x18, 50, 0x18, 33, 0x18, 33, 0x83, 0x18, 50, 0x18, 33, 0x18, 33, //
        0x81, 0x83, 10, 8, 0x19, 1, 44, // one point
    ];
    assert_eq!(drawing.to_bytes(), frozen);
    assert_eq!(Drawing::from_bytes(&frozen), Ok(drawing.clone()));
    let digest = drawing.digest(&Salt([1; 16]));
    let hex: String = digest.0.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "5b31dc069bf98682e660d7a80f946d20e68f260df47ac8f045348c9dd48f7262");
    assert_ne!(digest, drawing.digest(&Salt([2; 16])));

    let mut newer = frozen;
    newer[2] = 2;
    let unknown = CborError::Version { found: 2 };
    assert_eq!(Drawing::from_bytes(&newer), Err(DrawingError::Unreadable(unknown)));
}

#[test]
fn nothing_shows_a_drawing() {
    let drawing = Drawing::new(60, 40, strokes()).unwrap();
    assert_eq!(format!("{drawing:?}"), "Drawing(2 strokes, 5 points)");
    assert_eq!(format!("{:?}", drawing.strokes()), "[Stroke(4 points), Stroke(1 points)]");
    assert_eq!(format!("{:?}", drawing.strokes()[1].points), "[Point(..)]");
}

fn any_strokes() -> impl Strategy<Value = Vec<Stroke>> {
    let points = proptest::collection::vec((0..80_u16, 0..50_u16, 0..99_u32), 0..9);
    proptest::collection::vec(points.prop_map(|points| stroke(&points)), 0..6)
}

/// As the strokes are, but with times that rise.
fn in_time(mut strokes: Vec<Stroke>) -> Vec<Stroke> {
    let mut now = 0;
    for point in strokes.iter_mut().flat_map(|stroke| &mut stroke.points) {
        now += point.millis;
        point.millis = now;
    }
    strokes
}

proptest! {
    #[test]
    fn what_is_drawn_is_read_and_shown(width in 0..99_u16, strokes in any_strokes()) {
        if let Ok(drawing) = Drawing::new(width, 50, in_time(strokes)) {
            prop_assert_eq!(Drawing::from_bytes(&drawing.to_bytes()), Ok(drawing.clone()));
            }
    }

    #[test]
    fn no_bytes_bring_it_down(
        random in proptest::collection::vec(any::<u8>(), 0..256),
        damage in proptest::collection::vec((any::<u16>(), any::<u8>()), 0..4),
    ) {
        let mut bytes = Drawing::new(60, 40, strokes()).unwrap().to_bytes();
        for (at, byte) in damage {
            let at = usize::from(at) % bytes.len();
            bytes[at] = byte;
        }
        for bytes in [random, bytes] {
            if let Ok(drawing) = Drawing::from_bytes(&bytes) {
                prop_assert_eq!(drawing.to_bytes(), bytes);
            }
        }
    }
}
