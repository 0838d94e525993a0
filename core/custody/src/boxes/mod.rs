//! Boxes: which ones there are, and how a signed act names some of them.
//!
//! HQ signs what boxes there can be: the [`manifest`](Manifests) of a job, and the
//! [`roll`]s of blank labels that crews carry. A [`BoxList`] names boxes by their places
//! in these, and [`Lists`] resolves it. A [`BoxClass`] is what asks for more care.

mod class;
mod list;
mod manifest;
pub mod roll;

pub use class::{BoxClass, Classes, classes};
pub use list::{BoxList, BoxListError, Lists, MAX_BOXES};
pub use manifest::{Manifest, ManifestError, Manifests};
