//! The sheet as SVG, one unit to a millimetre.

use std::fmt::{self, Write as _};

use super::layout::{HAIRLINE, Label, Layout, PAGE};

/// Fonts whose characters are 0.6 of their size wide, and figures 0.62 high.
const FONTS: &str = "Courier New,Courier,Liberation Mono,monospace";
const WIDTH: f32 = 0.6;
const HEIGHT: f32 = 0.62;

pub(super) fn document(layout: &Layout, labels: &[Label]) -> String {
    let mut svg = String::new();
    // Writing to a string cannot fail.
    let _ = write_document(&mut svg, layout, labels);
    svg
}

fn write_document(svg: &mut String, layout: &Layout, labels: &[Label]) -> fmt::Result {
    let (width, height) = PAGE;
    write!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}mm" height="{height}mm" viewBox="0 0 {width} {height}">"#
    )?;
    writeln!(svg, "<title>Crewseal labels</title>")?;
    writeln!(svg, r##"<path fill="#fff" d="M0 0h{width}v{height}h-{width}z"/>"##)?;

    write!(svg, r##"<path stroke="#000" stroke-width="{HAIRLINE}" d=""##)?;
    for ((x, y), (to_x, to_y)) in layout.marks() {
        write!(svg, "M{} {}L{} {}", micro(x), micro(y), micro(to_x), micro(to_y))?;
    }
    writeln!(svg, r#""/>"#)?;

    writeln!(svg, r#"<g shape-rendering="crispEdges">"#)?;
    for label in labels {
        let (x, y) = label.corner;
        let (x, y, module, path) = (micro(x), micro(y), layout.module, label.code.path());
        writeln!(svg, r#"<path transform="translate({x} {y})scale({module})" d="{path}"/>"#)?;
    }
    writeln!(svg, "</g>")?;

    writeln!(svg, r#"<g font-family="{FONTS}">"#)?;
    for text in labels.iter().flat_map(|label| &label.texts) {
        let size = text.pitch / WIDTH;
        let (x, y) = (micro(text.left.0), micro(text.left.1 + size * HEIGHT / 2.0));
        // The length holds the characters in place whatever font there is.
        let characters: f32 = text.text.chars().map(|_| 1.0).sum();
        let (size, length) = (micro(size), micro(characters * text.pitch));
        let weight = if text.bold { r#" font-weight="bold""# } else { "" };
        writeln!(
            svg,
            r#"<text x="{x}" y="{y}" font-size="{size}" textLength="{length}"{weight}>{}</text>"#,
            text.text
        )?;
    }
    writeln!(svg, "</g></svg>")
}

/// Millimetres to the micrometre, which is finer than any printer.
fn micro(millimetres: f32) -> f32 {
    (millimetres * 1000.0).round() / 1000.0
}
