//! The sheet as PDF: vector modules, and text in Courier, which every reader
//! and printer has, so nothing is embedded.

use pdf_writer::types::TextRenderingMode;
use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str, TextStr};

use super::layout::{HAIRLINE, Label, Layout, PAGE, Point, Text};
use crate::code::Run;

/// Courier's characters are 0.6 of its size wide, and its figures as high.
const COURIER: f32 = 0.6;

/// How much of a character's width stays free in bold, whose serifs would touch.
const FREE: f32 = 0.06;

/// Courier was made for typewriters and is thin. An outline this broad, in
/// millimetres, lets it be read in a cellar; its bold does without.
const OUTLINE: f32 = 0.1;

const REGULAR: Name<'static> = Name(b"R");
const BOLD: Name<'static> = Name(b"B");

pub(super) fn document(layout: &Layout, pages: &[Vec<Label>]) -> Vec<u8> {
    let mut pdf = Pdf::new();
    let mut next = Ref::new(1);
    let (catalog, info, tree) = (next.bump(), next.bump(), next.bump());
    let (regular, bold, marks) = (next.bump(), next.bump(), next.bump());

    let mut root = pdf.catalog(catalog);
    root.pages(tree);
    // Printers like to shrink a page to their margins; the grid must not.
    root.viewer_preferences().pair(Name(b"PrintScaling"), Name(b"None"));
    root.finish();
    pdf.document_info(info).title(TextStr("Crewseal labels"));
    pdf.type1_font(regular).base_font(Name(b"Courier"));
    pdf.type1_font(bold).base_font(Name(b"Courier-Bold"));
    pdf.stream(marks, &cutting_marks(layout).finish());

    let mut kids = Vec::with_capacity(pages.len());
    for labels in pages {
        let (page, content) = (next.bump(), next.bump());
        kids.push(page);
        // The marks are the same on every page, and written once.
        pdf.page(page).parent(tree).contents_array([marks, content]);
        pdf.stream(content, &page_content(layout, labels).finish());
    }

    let mut count = 0;
    let mut pages = pdf.pages(tree);
    pages.kids(kids.into_iter().inspect(|_| count += 1)).count(count);
    pages.media_box(Rect::new(0.0, 0.0, points(PAGE.0), points(PAGE.1)));
    pages.resources().fonts().pair(REGULAR, regular).pair(BOLD, bold);
    pages.finish();
    pdf.finish()
}

fn cutting_marks(layout: &Layout) -> Content {
    let mut content = Content::new();
    content.set_line_width(points(HAIRLINE));
    for (from, to) in layout.marks() {
        let ((x, y), (to_x, to_y)) = (place(from), place(to));
        content.move_to(x, y).line_to(to_x, to_y);
    }
    content.stroke();
    content
}

fn page_content(layout: &Layout, labels: &[Label]) -> Content {
    let mut content = Content::new();
    let module = points(layout.module);
    content.set_line_width(points(OUTLINE));
    for label in labels {
        // One unit to a module and y down, as codes count them.
        let (x, y) = place(label.corner);
        content.save_state().transform([module, 0.0, 0.0, -module, x, y]);
        for Run { column, row, length } in label.code.runs() {
            content.rect(f32::from(column), f32::from(row), f32::from(length), 1.0);
        }
        content.fill_nonzero().restore_state();

        content.begin_text();
        for text in &label.texts {
            show(&mut content, text);
        }
        content.end_text();
    }
    content
}

fn show(content: &mut Content, text: &Text) {
    let (font, free, mode) = if text.bold {
        (BOLD, FREE * text.pitch, TextRenderingMode::Fill)
    } else {
        (REGULAR, 0.0, TextRenderingMode::FillStroke)
    };
    let width = text.pitch - free;
    let baseline = text.left.1 + width / 2.0;
    let (x, y) = place((text.left.0 + free / 2.0, baseline));
    content
        .set_font(font, points(width / COURIER))
        .set_char_spacing(points(free))
        .set_text_rendering_mode(mode)
        .set_text_matrix([1.0, 0.0, 0.0, 1.0, x, y])
        .show(Str(text.text.as_bytes()));
}

/// A point of the layout in PDF's own measure, from the lower left corner.
fn place((x, y): Point) -> (f32, f32) {
    (points(x), points(PAGE.1 - y))
}

/// Millimetres in points of 1/72 inch, to a hundredth: 4 micrometres.
fn points(millimetres: f32) -> f32 {
    (millimetres * 7200.0 / 25.4).round() / 100.0
}
