use image::imageops::crop_imm;

use super::*;

const GRIDS: [(Grid, usize); 2] = [(Grid::ThreeByEight, 24), (Grid::TwoBySeven, 14)];
const STRENGTHS: [(Strength, u32); 2] = [(Strength::Normal, 25), (Strength::Rough, 29)];

/// So many tokens that look as random as minted ones.
fn tokens(count: u64) -> Vec<Token> {
    let bytes = |seed: u64| {
        let digest = ring::digest::digest(&ring::digest::SHA256, &seed.to_be_bytes());
        digest.as_ref()[..16].try_into().unwrap()
    };
    (0..count).map(|seed| Token::from_bytes(bytes(seed))).collect()
}

fn sheets() -> impl Iterator<Item = (Sheet, usize, u32)> {
    GRIDS.into_iter().flat_map(|(grid, labels)| {
        STRENGTHS.map(|(strength, size)| (Sheet::new(grid, strength), labels, size))
    })
}

fn picture(sheet: &Sheet, tokens: &[Token], dpi: u32) -> GrayImage {
    let png = sheet.png(tokens, dpi).unwrap();
    image::load_from_memory(&png).unwrap().into_luma8()
}

/// The part of a picture from this corner, in millimetres.
fn part(picture: &GrayImage, dpi: u32, corner: (f32, f32), side: (f32, f32)) -> GrayImage {
    let pixels = |millimetres: f32| {
        let pixels = f64::from(millimetres) * f64::from(dpi) / 25.4;
        (0..).find(|whole| f64::from(*whole) + 0.5 > pixels).unwrap()
    };
    crop_imm(picture, pixels(corner.0), pixels(corner.1), pixels(side.0), pixels(side.1)).to_image()
}

fn read(picture: GrayImage) -> Token {
    let (width, height) = picture.dimensions();
    let code = rxing::helpers::detect_in_luma(picture.into_raw(), width, height, None);
    Token::parse(code.unwrap().getText()).unwrap()
}

#[test]
fn a_label_by_itself_is_the_one_on_the_sheet() {
    for (sheet, _, size) in sheets() {
        let token = &tokens(1)[0];
        let label = sheet.label(token, Sheet::DPI).unwrap();
        assert_eq!(read(label.picture.clone()), *token);
        let whole = picture(&sheet, &[*token], Sheet::DPI);
        let corner = sheet.layout.corners().next().unwrap();
        let side = f32::from(u16::try_from(size).unwrap()) * label.module;
        let on_sheet = (corner.0 + label.code.0, corner.1 + label.code.1);
        // Both are rounded to whole pixels, so modules are compared, not pixels.
        let modules = |picture: &GrayImage, at: (f32, f32)| {
            let code = part(picture, Sheet::DPI, at, (side, side));
            let middle = |index: u32| (2 * index + 1) * code.width() / (2 * size);
            (0..size * size)
                .map(|at| code.get_pixel(middle(at % size), middle(at / size)).0[0] < 128)
                .collect::<Vec<_>>()
        };
        assert_eq!(modules(&label.picture, label.code), modules(&whole, on_sheet));
    }
    let refused = Sheet::new(Grid::default(), Strength::Normal).label(&tokens(1)[0], 20);
    assert!(matches!(refused, Err(PrintError::Resolution { dpi: 20 })));
}

#[test]
fn every_label_of_a_page_is_read_back() {
    for (sheet, labels, _) in sheets() {
        assert_eq!(sheet.per_page(), labels);
        let tokens = tokens(u64::try_from(labels).unwrap());
        let page = picture(&sheet, &tokens, Sheet::DPI);
        assert_eq!(page.dimensions(), (2480, 3508));
        for (token, corner) in tokens.iter().zip(sheet.layout.corners()) {
            let label = part(&page, Sheet::DPI, corner, sheet.layout.label_size());
            assert_eq!(read(label), *token);
        }
    }
}

#[test]
fn the_coarsest_picture_is_read_too() {
    for (sheet, ..) in sheets() {
        let tokens = tokens(1);
        let page = picture(&sheet, &tokens, *Sheet::DPI_RANGE.start());
        let corner = sheet.layout.corners().next().unwrap();
        let label = part(&page, *Sheet::DPI_RANGE.start(), corner, sheet.layout.label_size());
        assert_eq!(read(label), tokens[0]);
    }
}

/// The picture's codes are exact: whole modules of equal size, with four
/// modules of nothing but white around them.
#[test]
fn a_code_is_its_modules_within_a_white_quiet_zone() {
    for (sheet, labels, size) in sheets() {
        let tokens = tokens(u64::try_from(labels).unwrap());
        let page = picture(&sheet, &tokens, Sheet::DPI);
        for label in sheet.page(&tokens).unwrap() {
            let (module, (x, y)) = (sheet.layout.module, label.corner);
            let quiet = 4.0 * module;
            let side = module * (f32::from(u8::try_from(size).unwrap()) + 8.0);
            let drawn = part(&page, Sheet::DPI, (x - quiet, y - quiet), (side, side));
            let pixels = drawn.width() / (size + 8);
            assert_eq!(drawn.width(), pixels * (size + 8));
            let code = label.code.png(usize::try_from(pixels).unwrap()).unwrap();
            assert!(drawn == image::load_from_memory(&code).unwrap().into_luma8());
        }
    }
}

#[test]
fn a_pdf_has_every_label_once_and_fonts_that_every_printer_has() {
    let tokens = tokens(50);
    for (sheet, labels, _) in sheets() {
        let pdf = sheet.pdf(&tokens).unwrap();
        let text = String::from_utf8_lossy(&pdf);
        assert_eq!(text.matches("/Type /Page\n").count(), 50_usize.div_ceil(labels));
        assert_eq!(text.matches(" cm\n").count(), 50, "one path for each code");
        assert!(text.contains("/PrintScaling /None"));
        assert!(text.contains("(Crewseal labels)"));
        assert!(!text.contains("Date") && !text.contains("FontFile"));
        let shown: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix('(')?.strip_suffix(") Tj")).collect();
        let expected: Vec<String> = tokens
            .iter()
            .flat_map(|token| {
                let groups = token.to_groups();
                let call = groups[7].clone();
                groups.into_iter().chain([call])
            })
            .collect();
        assert_eq!(shown, expected, "the groups of each label, and its call sign");
    }
}

#[test]
fn an_svg_has_the_same_codes_and_texts() {
    for (sheet, labels, _) in sheets() {
        let tokens = tokens(u64::try_from(labels).unwrap());
        let svg = sheet.svg(&tokens).unwrap();
        assert_eq!(svg.matches("<text ").count(), labels * 9);
        for label in sheet.page(&tokens).unwrap() {
            assert!(svg.contains(&label.code.path()));
            assert!(label.texts.iter().all(|text| svg.contains(&format!(">{}<", text.text))));
        }
    }
}

#[test]
fn the_same_tokens_give_the_same_bytes() {
    let tokens = tokens(14);
    for (sheet, ..) in sheets() {
        assert_eq!(sheet.pdf(&tokens).unwrap(), sheet.pdf(&tokens).unwrap());
        assert_eq!(sheet.svg(&tokens).unwrap(), sheet.svg(&tokens).unwrap());
        assert_eq!(sheet.png(&tokens, 150).unwrap(), sheet.png(&tokens, 150).unwrap());
    }
}

#[test]
fn what_cannot_be_printed_is_refused() {
    let sheet = Sheet::new(Grid::TwoBySeven, Strength::Normal);
    assert!(matches!(sheet.pdf(&[]), Err(PrintError::Empty)));
    assert!(matches!(sheet.svg(&[]), Err(PrintError::Empty)));
    assert!(matches!(sheet.png(&[], 300), Err(PrintError::Empty)));
    let page = tokens(15);
    assert!(matches!(sheet.svg(&page), Err(PrintError::TooMany { labels: 15, most: 14 })));
    assert!(matches!(sheet.png(&page, 300), Err(PrintError::TooMany { .. })));
    let roll = vec![page[0]; Sheet::MOST_LABELS + 1];
    assert!(matches!(sheet.pdf(&roll), Err(PrintError::TooMany { most: 10_000, .. })));
    for dpi in [0, 149, 1201, u32::MAX] {
        let refused = sheet.png(&page[..1], dpi);
        assert!(matches!(refused, Err(PrintError::Resolution { dpi: d }) if d == dpi));
    }
}
