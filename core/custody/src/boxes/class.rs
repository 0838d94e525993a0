//! Box classes: which boxes ask for more care than ordinary ones.

use std::collections::{BTreeMap, BTreeSet};

use crewseal_label::Token;
use minicbor::{Decode, Encode};

use crate::{BoxList, BoxListError, Lists};

/// What is in a box that is not ordinary. The numbers stand in signed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum BoxClass {
    /// Papers: files, records, letters.
    #[n(1)]
    Papers,
    /// Devices that hold data: computers, disks, phones.
    #[n(2)]
    Devices,
    /// Valuables: jewellery, art, money.
    #[n(3)]
    Valuables,
}

impl BoxClass {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Papers, Self::Devices, Self::Valuables];

    /// The number that stands in signed bytes.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Papers => 1,
            Self::Devices => 2,
            Self::Valuables => 3,
        }
    }
}

/// The classes of the boxes that are not ordinary, box by box.
pub type Classes = BTreeMap<Token, BTreeSet<BoxClass>>;

/// The classes of a job's boxes, as HQ lists them. A sensitive box that is in no
/// class counts as in every one: what is not known is treated with most care.
///
/// # Errors
/// [`BoxListError`] if a list names what is not known here.
pub fn classes(
    sensitive: &BoxList,
    classed: &BTreeMap<BoxClass, BoxList>,
    lists: &Lists,
) -> Result<Classes, BoxListError> {
    let mut classes = Classes::new();
    for (class, boxes) in classed {
        for token in lists.resolve(boxes)? {
            classes.entry(token).or_default().insert(*class);
        }
    }
    for token in lists.resolve(sensitive)? {
        classes.entry(token).or_insert_with(|| BoxClass::ALL.into());
    }
    Ok(classes)
}
