//! Rendered photographs of labelled boxes.
