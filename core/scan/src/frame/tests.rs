use proptest::prelude::*;

use super::*;

#[test]
fn what_is_no_picture_is_refused_by_name() {
    let pixels = [0; 100];
    let refused = |width, height, stride| Luma::new(width, height, stride, &pixels).err();
    assert_eq!(refused(0, 10, 10), Some(FrameError::Empty { width: 0, height: 10 }));
    assert_eq!(refused(10, 0, 10), Some(FrameError::Empty { width: 10, height: 0 }));
    assert_eq!(refused(16_385, 1, 20_000), Some(FrameError::TooLarge { width: 16_385, height: 1 }));
    assert_eq!(refused(11, 2, 10), Some(FrameError::Stride { stride: 10, width: 11 }));
    assert_eq!(refused(10, 3, usize::MAX), Some(FrameError::StrideTooLong { stride: usize::MAX }));
    assert_eq!(refused(10, 11, 10), Some(FrameError::Short { needed: 110, given: 100 }));
    assert_eq!(refused(10, 10, 10), None);
    let mut gathered = Vec::new();
    let mut refused = |pixel_stride, stride| {
        Luma::y_plane(5, 10, stride, pixel_stride, &pixels, &mut gathered).err()
    };
    assert_eq!(refused(0, 10), Some(FrameError::PixelStride));
    assert_eq!(refused(2, 8), Some(FrameError::Stride { stride: 8, width: 5 }));
    assert_eq!(refused(2, 9), None);
    assert_eq!(refused(2, 11), Some(FrameError::Short { needed: 108, given: 100 }));
    assert_eq!(refused(usize::MAX, 10), Some(FrameError::StrideTooLong { stride: usize::MAX }));
    let mut refused = |height, stride| Luma::bgra(5, height, stride, &pixels, &mut gathered).err();
    assert_eq!(refused(5, 19), Some(FrameError::Stride { stride: 19, width: 5 }));
    assert_eq!(refused(5, 21), Some(FrameError::Short { needed: 104, given: 100 }));
    assert_eq!(refused(5, 20), None);
}

#[test]
fn only_quarter_turns_are_turns() {
    for (degrees, rotation) in [
        (0, Rotation::None),
        (90, Rotation::Quarter),
        (180, Rotation::Half),
        (270, Rotation::ThreeQuarters),
        (-90, Rotation::ThreeQuarters),
        (450, Rotation::Quarter),
    ] {
        assert_eq!(Rotation::from_degrees(degrees), Ok(rotation));
    }
    for degrees in [1, 45, 89, -1, i32::MAX, i32::MIN] {
        let refused = Rotation::from_degrees(degrees);
        assert_eq!(refused, Err(FrameError::Rotation { degrees }));
    }
}

/// What a person sees when this buffer is turned, pixel by pixel: 3 x 2,
/// 1 2 3 above 4 5 6.
#[test]
fn turning_is_clockwise() {
    let size = |rotation: Rotation| rotation.size(3, 2);
    let four_at = |rotation: Rotation| {
        let Point { x, y } = rotation.turn_point(Point { x: 0.5, y: 1.5 }, 3, 2);
        let four = Region { left: 0, top: 1, width: 1, height: 1 };
        let Region { left, top, .. } = rotation.turn_region(four, 3, 2).unwrap();
        assert_eq!((coordinate(left) + 0.5, coordinate(top) + 0.5), (x, y));
        (left, top)
    };
    // 4 1 above 5 2 above 6 3.
    assert_eq!((size(Rotation::Quarter), four_at(Rotation::Quarter)), ((2, 3), (0, 0)));
    // 6 5 4 above 3 2 1.
    assert_eq!((size(Rotation::Half), four_at(Rotation::Half)), ((3, 2), (2, 0)));
    // 3 6 above 2 5 above 1 4.
    let three = Rotation::ThreeQuarters;
    assert_eq!((size(three), four_at(three)), ((2, 3), (1, 2)));
    assert_eq!((size(Rotation::None), four_at(Rotation::None)), ((3, 2), (0, 1)));
}

#[test]
fn what_lies_otherwise_is_gathered_and_what_does_not_is_lent() {
    let mut memory = vec![7; 99];
    // Rows of three pixels, gaps of one byte, and a byte between the rows.
    let plane = [1, 0, 2, 0, 3, 0, 0, 4, 0, 5, 0, 6];
    let frame = Luma::y_plane(3, 2, 7, 2, &plane, &mut memory).unwrap();
    assert_eq!((frame.row(0), frame.row(1)), ([1, 2, 3].as_slice(), [4, 5, 6].as_slice()));
    let frame = Luma::y_plane(3, 2, 7, 1, &plane, &mut memory).unwrap();
    assert_eq!(frame.row(0).as_ptr(), plane.as_ptr());
    // Blue, green, red, white in a row; black and mid grey, and padding.
    let bgra = [
        [255, 0, 0, 9, 0, 255, 0, 9, 0, 0, 255, 9, 255, 255, 255, 9].as_slice(),
        &[0, 0, 0, 0],
        &[0, 0, 0, 255, 128, 128, 128, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ];
    let bgra = bgra.concat();
    let frame = Luma::bgra(4, 2, 20, &bgra, &mut memory).unwrap();
    assert_eq!(frame.row(0), [29, 149, 77, 255]);
    assert_eq!(frame.row(1), [0, 128, 0, 0]);
    assert_eq!(memory.capacity(), 99, "the memory is used again");
    for frame in [Luma::nv21(3, 2, 3, &plane), Luma::bi_planar(3, 2, 3, &plane)] {
        assert_eq!(frame.unwrap().row(1).as_ptr(), plane[3..].as_ptr());
    }
}

#[test]
fn a_region_outside_is_refused() {
    let pixels = [0; 12];
    let frame = Luma::new(4, 3, 4, &pixels).unwrap().turned(Rotation::Quarter);
    let (whole, none) = ((0, 0, 3, 4), (1, 1, 0, 1));
    let region = |(left, top, width, height)| Region { left, top, width, height };
    assert!(frame.crop(region(whole)).is_ok());
    for outside in [none, (0, 0, 4, 3), (1, 0, 3, 4), (0, 4, 1, 1), (u32::MAX, 0, 2, 1)] {
        let region = region(outside);
        let refused = FrameError::Region { region, width: 3, height: 4 };
        assert_eq!(frame.crop(region).err(), Some(refused));
    }
    // A part of a part lies within it.
    let part = frame.crop(region((1, 1, 2, 2))).unwrap();
    assert!(part.crop(region((2, 2, 1, 1))).is_ok());
    assert!(part.crop(region((0, 1, 1, 1))).is_err());
    assert!(part.crop(region((2, 2, 2, 1))).is_err());
    assert!(frame.row(3).is_empty() && part.row(u32::MAX).is_empty());
}

#[test]
fn padding_is_left_out_and_the_last_row_needs_none() {
    let padded = [1, 2, 3, 0, 4, 5, 6];
    let frame = Luma::new(3, 2, 4, &padded).unwrap();
    assert_eq!([frame.row(0), frame.row(1), frame.row(2)], [&[1, 2, 3][..], &[4, 5, 6], &[]]);
    let longer = [1, 2, 3, 4, 9];
    let frame = Luma::new(2, 2, 2, &longer).unwrap();
    assert_eq!([frame.row(0), frame.row(1)], [[1, 2], [3, 4]]);
}

fn rotation() -> impl Strategy<Value = Rotation> {
    (0..4).prop_map(|quarters| Rotation::from_degrees(quarters * 90).unwrap())
}

proptest! {
    #[test]
    fn turning_there_and_back_changes_nothing(
        rotation in rotation(),
        (width, height) in (1..=LONGEST_SIDE, 1..=LONGEST_SIDE),
        // A point in eighths of a pixel, and a region of which some are within.
        (x, y) in (any::<u16>(), any::<u16>()),
        (left, top) in (0..LONGEST_SIDE, 0..LONGEST_SIDE),
        (part_width, part_height) in (0..LONGEST_SIDE, 0..LONGEST_SIDE),
    ) {
        let point = Point { x: f32::from(x) / 8.0, y: f32::from(y) / 8.0 };
        let (turned_width, turned_height) = rotation.size(width, height);
        let back = rotation.inverse();
        let there = rotation.turn_point(point, width, height);
        prop_assert_eq!(back.turn_point(there, turned_width, turned_height), point);
        let (left, top) = (left % width, top % height);
        let region = Region { left, top, width: part_width, height: part_height };
        match rotation.turn_region(region, width, height) {
            Some(there) => {
                let again = back.turn_region(there, turned_width, turned_height);
                prop_assert_eq!(again, Some(region));
            }
            None => prop_assert!(!region.is_within(width, height)),
        }
    }

    /// Every pixel of a part is the pixel of the frame that its place says.
    #[test]
    fn a_part_is_where_it_says(
        rotation in rotation(),
        (width, height, padding) in (1..12_u32, 1..12_u32, 0..3_usize),
        (left, top, part_width, part_height) in (0..12_u32, 0..12_u32, 1..12_u32, 1..12_u32),
    ) {
        let stride = length(width) + padding;
        let pixels: Vec<u8> = (0..=255).cycle().take(stride * length(height)).collect();
        let frame = Luma::new(width, height, stride, &pixels).unwrap().turned(rotation);
        let region = Region { left, top, width: part_width, height: part_height };
        let (upright_width, upright_height) = frame.upright_size();
        let part = frame.crop(region);
        prop_assert_eq!(part.is_ok(), region.is_within(upright_width, upright_height));
        let Ok(part) = part else { return Ok(()) };
        prop_assert_eq!(part.upright_size(), (part_width, part_height));
        for y in 0..part.height() {
            prop_assert_eq!(part.row(y).len(), length(part.width()));
            for (x, pixel) in (0..).zip(part.row(y)) {
                let centre = Point { x: coordinate(x) + 0.5, y: coordinate(y) + 0.5 };
                let at = part.upright(centre);
                let back = rotation.inverse();
                let of_frame = back.turn_point(at, upright_width, upright_height);
                let whole = (0..width)
                    .find(|column| (coordinate(*column) + 0.5 - of_frame.x).abs() < 0.1)
                    .zip((0..height).find(|row| {
                        (coordinate(*row) + 0.5 - of_frame.y).abs() < 0.1
                    }));
                let (column, row) = whole.unwrap();
                prop_assert_eq!(frame.row(row)[length(column)], *pixel);
            }
        }
    }

    #[test]
    fn every_accepted_frame_has_all_its_pixels(
        width: u32,
        height in 0..20_000_u32,
        stride: usize,
        pixels in proptest::collection::vec(any::<u8>(), 0..4096),
    ) {
        for (width, stride) in [(width, stride), (width % 80, stride % 100)] {
            if let Ok(frame) = Luma::new(width, height, stride, &pixels) {
                let rows = (0..height).map(|y| frame.row(y).len());
                prop_assert!(rows.eq((0..height).map(|_| length(width))));
            }
            let mut memory = Vec::new();
            for pixel_stride in [0, 2, 3, height % 7, width].map(length) {
                let plane = Luma::y_plane(
                    width, height, stride, pixel_stride, &pixels, &mut memory,
                );
                if let Ok(frame) = plane {
                    let rows = (0..height).map(|y| frame.row(y).len());
                    prop_assert!(rows.eq((0..height).map(|_| length(width))));
                }
            }
            if let Ok(frame) = Luma::bgra(width, height, stride, &pixels, &mut memory) {
                let rows = (0..height).map(|y| frame.row(y).len());
                prop_assert!(rows.eq((0..height).map(|_| length(width))));
            }
        }
    }
}
