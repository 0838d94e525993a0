//! Tiles: how a log's hashes lie in files that never change once they are full.
//!
//! The layout is that of C2SP `tlog-tiles`. A tile of level 0 has the hashes of 256 leaves, one
//! of level n those of 256 full tiles of level n - 1. The last tile of a level is partial
//! until it is full. The leaves themselves lie in bundles of 256, each behind its length.

use super::tree::{Subtree, node_hash};
use crate::signed::Digest;

/// How many hashes a full tile has.
pub const TILE_WIDTH: u64 = 256;
/// How many levels of the tree a tile spans.
const TILE_HEIGHT: u32 = 8;
/// The highest level that a log can come to have.
const MAX_LEVEL: u32 = 6;

/// A tile, by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tile {
    /// Hashes.
    Hashes {
        /// Its level, from 0.
        level: u32,
        /// Its place in the level, from 0.
        number: u64,
        /// How many hashes it has, from 1 to [`TILE_WIDTH`].
        width: u64,
    },
    /// Leaves.
    Entries {
        /// Its place, from 0.
        number: u64,
        /// How many leaves it has, from 1 to [`TILE_WIDTH`].
        width: u64,
    },
}

/// Why hashes are not those of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a tile has fewer hashes than the log's size says")]
pub struct TileError;

impl Tile {
    /// The path under the log's address, as in `tile/0/x001/x234/067.p/8`.
    #[must_use]
    pub fn path(&self) -> String {
        let (kind, number, width) = match *self {
            Self::Hashes { level, number, width } => (level.to_string(), number, width),
            Self::Entries { number, width } => ("entries".to_owned(), number, width),
        };
        let mut groups = vec![format!("{:03}", number % 1_000)];
        let mut rest = number / 1_000;
        while rest > 0 {
            groups.push(format!("x{:03}", rest % 1_000));
            rest /= 1_000;
        }
        groups.reverse();
        let partial = if width < TILE_WIDTH { format!(".p/{width}") } else { String::new() };
        format!("tile/{kind}/{}{partial}", groups.join("/"))
    }

    /// The tile of a path; none if there is none of it, or if it is written in another way.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let (kind, place) = path.strip_prefix("tile/")?.split_once('/')?;
        let (groups, width) = match place.split_once(".p/") {
            Some((groups, width)) => (groups, width.parse().ok()?),
            None => (place, TILE_WIDTH),
        };
        let number = groups.split('/').try_fold(0_u64, |number, group| {
            let digits: u64 = group.strip_prefix('x').unwrap_or(group).parse().ok()?;
            number.checked_mul(1_000)?.checked_add(digits)
        })?;
        let tile = match kind {
            "entries" => Self::Entries { number, width },
            level => Self::Hashes { level: level.parse().ok()?, number, width },
        };
        (tile.path() == path && tile.is_possible()).then_some(tile)
    }

    const fn is_possible(&self) -> bool {
        let (level, width) = match *self {
            Self::Hashes { level, width, .. } => (level, width),
            Self::Entries { width, .. } => (0, width),
        };
        level <= MAX_LEVEL && 1 <= width && width <= TILE_WIDTH
    }

    /// The tiles of hashes and of leaves that a log has at this size and did not have, or had
    /// with fewer, at an earlier one.
    pub fn between(old: u64, size: u64) -> impl Iterator<Item = Self> {
        let of_level = move |level: u32| {
            let shift = TILE_HEIGHT * level;
            let (had, has) = (old >> shift, size >> shift);
            (had / TILE_WIDTH..has.div_ceil(TILE_WIDTH)).filter_map(move |number| {
                let first = number * TILE_WIDTH;
                let width = has.checked_sub(first)?.min(TILE_WIDTH);
                (had.saturating_sub(first) < width).then_some((number, width))
            })
        };
        let hashes = (0..=MAX_LEVEL).flat_map(move |level| {
            of_level(level).map(move |(number, width)| Self::Hashes { level, number, width })
        });
        let entries = of_level(0).map(|(number, width)| Self::Entries { number, width });
        hashes.chain(entries)
    }

    /// Which hash of which tile, and how far above it, a full subtree is: level and number of
    /// the tile, the first of its hashes, and how many of them.
    #[must_use]
    pub const fn holding(subtree: Subtree) -> (u32, u64, usize, usize) {
        let level = subtree.level / TILE_HEIGHT;
        let above = subtree.level % TILE_HEIGHT;
        let first = subtree.index << above;
        // Within a tile both are below 256.
        (level, first / TILE_WIDTH, (first % TILE_WIDTH) as usize, 1 << above)
    }

    /// The hash of a full subtree, by the hashes of the tile that holds it.
    ///
    /// # Errors
    /// [`TileError`].
    pub fn node(subtree: Subtree, hashes: &[[u8; 32]]) -> Result<Digest, TileError> {
        let (_, _, first, count) = Self::holding(subtree);
        let end = first.saturating_add(count);
        let mut level: Vec<Digest> =
            hashes.get(first..end).ok_or(TileError)?.iter().copied().map(Digest).collect();
        while level.len() > 1 {
            let (pairs, _) = level.as_chunks::<2>();
            level = pairs.iter().map(|[left, right]| node_hash(left, right)).collect();
        }
        level.first().copied().ok_or(TileError)
    }

    /// Leaves as they lie in a bundle: each behind its length in two bytes, the higher first.
    #[must_use]
    pub fn bundle<'l>(leaves: impl IntoIterator<Item = &'l [u8]>) -> Vec<u8> {
        let mut bundle = Vec::new();
        for leaf in leaves {
            let length = u16::try_from(leaf.len()).unwrap_or(u16::MAX);
            bundle.extend(length.to_be_bytes());
            bundle.extend(leaf.iter().take(usize::from(length)));
        }
        bundle
    }

    /// The leaves of a bundle; none if it is cut.
    #[must_use]
    pub fn unbundle(mut bundle: &[u8]) -> Option<Vec<&[u8]>> {
        let mut leaves = Vec::new();
        while !bundle.is_empty() {
            let (length, rest) = bundle.split_first_chunk::<2>()?;
            let (leaf, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
            leaves.push(leaf);
            bundle = rest;
        }
        Some(leaves)
    }
}
