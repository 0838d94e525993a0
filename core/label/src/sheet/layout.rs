//! Where everything on a sheet stands, in millimetres from the upper left
//! corner of the page. The faces add only how it is drawn.
//!
//! A label has its code at the left, with the groups of its text on one line
//! under it; the last group stands large at the right of the code:
//!
//! ```text
//! +------------------------------+
//! |  [##]                        |
//! |  [##]   K 7 Q M              |
//! |  [##]                        |
//! |  1 0C4K RM9G ....       K7QM |
//! +------------------------------+
//! ```

use crate::{Code, Strength};

/// How labels lie on a sheet of A4, 210 x 297 mm. Both are common as die-cut
/// stock, and both can be cut by hand along the marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Grid {
    /// 3 x 8 labels of 70 x 37 mm, edge to edge.
    #[default]
    ThreeByEight,
    /// 2 x 7 labels of 99.1 x 38.1 mm, the columns 2.5 mm apart.
    TwoBySeven,
}

/// The page: A4, width and height.
pub(super) const PAGE: (f32, f32) = (210.0, 297.0);

/// How broad a cutting mark is: a hairline.
pub(super) const HAIRLINE: f32 = 0.1;

/// How far a cutting mark reaches from the corner that it marks.
const MARK: f32 = 2.0;

/// A dot of a 300 dpi printer. Modules are whole dots, so that a printer of 300
/// or 600 dpi makes them all alike.
const DOT: f32 = 25.4 / 300.0;

/// What stays white at the left and right of a label: an office printer does
/// not reach the outer 4.2 mm of the page.
const SIDE: f32 = 5.0;

/// The same above and below, where the page has a margin of its own.
const ENDS: f32 = 3.75;

/// White between two groups, in characters: enough to part them, and less than
/// a space, so that the characters can be larger.
const GAP: f32 = 0.6;

/// Characters of a label's line of text, with the gaps between its groups.
const LINE: f32 = 29.0 + 7.0 * GAP;

/// Characters that a crew calls a box by.
const CALL: f32 = 4.0;

/// How high the large group may be beside its code: as high as the code, it
/// would drown it.
const CALL_HEIGHT: f32 = 0.7;

/// The height of a capital, in widths of a character, in the tallest font.
const CAPITAL: f32 = 1.22;

/// A point of the page, x to the right and y down.
pub(super) type Point = (f32, f32);

/// The measures that all labels of a sheet share.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    columns: Row,
    rows: Row,
    /// The side of a module.
    pub(super) module: f32,
    /// From a label's corner to the code's, without the quiet zone.
    code: Point,
    /// From a label's corner to the left end and the middle of its line.
    line: Point,
    /// The width of a character of the line.
    line_pitch: f32,
    /// The same two for the large group.
    call: Point,
    call_pitch: f32,
}

/// Labels along one side of the page.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Row {
    labels: u8,
    /// The length of a label.
    length: f32,
    /// From one label to the next.
    gutter: f32,
    /// From the page's edge to the first label.
    margin: f32,
}

impl Row {
    /// So many labels in the middle of the page's side.
    fn centred(labels: u8, length: f32, gutter: f32, side: f32) -> Self {
        let count = f32::from(labels);
        let margin = (side - count * length - (count - 1.0) * gutter) / 2.0;
        Self { labels, length, gutter, margin }
    }

    fn starts(self) -> impl Iterator<Item = f32> + Clone {
        (0..self.labels).map(move |at| self.margin + f32::from(at) * (self.length + self.gutter))
    }

    /// Where to cut: before and after each label, once where two touch, and not
    /// along the page's own edge.
    fn cuts(self, side: f32) -> Vec<f32> {
        let mut cuts: Vec<f32> = self
            .starts()
            .flat_map(|start| [start, start + self.length])
            .filter(|cut| (HAIRLINE..side - HAIRLINE).contains(cut))
            .collect();
        cuts.dedup_by(|next, cut| (*next - *cut).abs() < HAIRLINE);
        cuts
    }
}

impl Layout {
    pub(super) fn new(grid: Grid, strength: Strength) -> Self {
        let (columns, rows) = match grid {
            Grid::ThreeByEight => {
                (Row::centred(3, 70.0, 0.0, PAGE.0), Row::centred(8, 37.0, 0.0, PAGE.1))
            }
            Grid::TwoBySeven => {
                (Row::centred(2, 99.1, 2.5, PAGE.0), Row::centred(7, 38.1, 0.0, PAGE.1))
            }
        };
        let size = match strength {
            Strength::Normal => 25.0,
            Strength::Rough => 29.0,
        };
        // The four modules, and a tenth of one that takes up rounding.
        let quiet = 4.1;

        let line_pitch = (columns.length - 2.0 * SIDE) / LINE;
        let capital = CAPITAL * line_pitch;
        let room = rows.length - 2.0 * ENDS - capital;
        let module = (room / (size + quiet) / DOT).floor() * DOT;

        let above = (rows.length - (size + quiet) * module - capital) / 2.0;
        let beside = columns.length - 2.0 * SIDE - (size + quiet) * module;
        let call_pitch = (beside / CALL).min(CALL_HEIGHT * size * module / CAPITAL);
        Self {
            columns,
            rows,
            module,
            code: (SIDE, above),
            line: (SIDE, rows.length - above - capital / 2.0),
            line_pitch,
            call: (columns.length - SIDE - CALL * call_pitch, above + size * module / 2.0),
            call_pitch,
        }
    }

    pub(super) fn per_page(&self) -> usize {
        usize::from(self.columns.labels) * usize::from(self.rows.labels)
    }

    /// Width and height of a label.
    pub(super) fn label_size(&self) -> (f32, f32) {
        (self.columns.length, self.rows.length)
    }

    /// The upper left corners of a page's labels, row by row.
    pub(super) fn corners(&self) -> impl Iterator<Item = Point> {
        let columns = self.columns.starts();
        self.rows.starts().flat_map(move |y| columns.clone().map(move |x| (x, y)))
    }

    /// The label at this corner.
    pub(super) fn label(&self, corner: Point, code: Code, groups: Vec<String>) -> Label {
        let from_corner = |(x, y): Point| (corner.0 + x, corner.1 + y);
        let mut texts = Vec::with_capacity(groups.len() + 1);
        let call = groups.last().cloned().unwrap_or_default();
        let (mut x, y) = from_corner(self.line);
        for group in groups {
            let characters: f32 = group.chars().map(|_| 1.0).sum();
            let after = x + (characters + GAP) * self.line_pitch;
            texts.push(Text { text: group, left: (x, y), pitch: self.line_pitch, bold: false });
            x = after;
        }
        if let Some(last) = texts.last_mut() {
            last.bold = true;
        }
        let left = from_corner(self.call);
        texts.push(Text { text: call, left, pitch: self.call_pitch, bold: true });
        // On whole dots too, lest rounding makes one module broader than another.
        let on_dots = |(x, y): Point| ((x / DOT).round() * DOT, (y / DOT).round() * DOT);
        Label { code, corner: on_dots(from_corner(self.code)), texts }
    }

    /// The cutting marks of a page: a small cross wherever two cuts meet. They
    /// lie along the cuts, so they touch no label's inside.
    pub(super) fn marks(&self) -> Vec<(Point, Point)> {
        let mut marks = Vec::new();
        let down = self.rows.cuts(PAGE.1);
        for x in self.columns.cuts(PAGE.0) {
            for &y in &down {
                marks.push((((x - MARK).max(0.0), y), ((x + MARK).min(PAGE.0), y)));
                marks.push(((x, (y - MARK).max(0.0)), (x, (y + MARK).min(PAGE.1))));
            }
        }
        marks
    }
}

/// One label, ready to be drawn.
pub(super) struct Label {
    pub(super) code: Code,
    /// The code's upper left corner, without the quiet zone.
    pub(super) corner: Point,
    pub(super) texts: Vec<Text>,
}

/// Characters of equal width in a row.
pub(super) struct Text {
    pub(super) text: String,
    /// The left end, at half the height of a capital: fonts differ in height.
    pub(super) left: Point,
    /// From one character to the next.
    pub(super) pitch: f32,
    pub(super) bold: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Token;

    /// What a person with scissors and a person with a camera need.
    #[test]
    fn everything_of_a_label_lies_within_it_and_clear_of_its_code() {
        for grid in [Grid::ThreeByEight, Grid::TwoBySeven] {
            for strength in [Strength::Normal, Strength::Rough] {
                let layout = Layout::new(grid, strength);
                let (width, height) = layout.label_size();
                let token = Token::from_bytes([7; 16]);
                let code = Code::of(&token, strength).unwrap();
                let side = f32::from(u8::try_from(code.size()).unwrap()) * layout.module;
                let quiet = 4.0 * layout.module;
                assert!(layout.module >= 0.6);

                for corner in layout.corners() {
                    let label = layout.label(corner, code.clone(), token.to_groups());
                    let (left, top) = (label.corner.0 - quiet, label.corner.1 - quiet);
                    let (right, bottom) = (left + side + 2.0 * quiet, top + side + 2.0 * quiet);
                    let mark = HAIRLINE / 2.0;
                    assert!(left > corner.0 + mark && top > corner.1 + mark);
                    assert!(right < corner.0 + width && bottom < corner.1 + height);
                    for text in &label.texts {
                        let half = CAPITAL * text.pitch / 2.0;
                        let (x, y) = text.left;
                        assert!(y - half > bottom || x > right);
                        assert!(y + half < corner.1 + height - ENDS + DOT);
                        let characters = f32::from(u8::try_from(text.text.len()).unwrap());
                        let end = x + characters * text.pitch;
                        assert!(end < corner.0 + width - SIDE + DOT);
                    }
                }
            }
        }
    }

    #[test]
    fn marks_lie_along_the_edges_of_labels() {
        for (grid, crosses) in [(Grid::ThreeByEight, 2 * 9), (Grid::TwoBySeven, 4 * 8)] {
            let layout = Layout::new(grid, Strength::Normal);
            let (width, height) = layout.label_size();
            let marks = layout.marks();
            assert_eq!(marks.len(), crosses * 2);
            let inside = |(x, y): Point| {
                let within =
                    |at: f32, start, length| at > start + 0.01 && at < start + length - 0.01;
                layout.corners().any(|(left, top)| within(x, left, width) && within(y, top, height))
            };
            for ((x, y), (to_x, to_y)) in marks {
                assert!(!inside((x, y)) && !inside((to_x, to_y)));
                assert!(!inside(((x + to_x) / 2.0, (y + to_y) / 2.0)));
            }
        }
    }
}
