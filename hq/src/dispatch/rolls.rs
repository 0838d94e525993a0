//! Rolls of blank labels: drawn, and minted for a depot.

use crewseal_custody::logged::ActKind;
use crewseal_custody::roll::{Leaf, Roll, RollHead};
use crewseal_label::Token;
use rusqlite::{Connection, params};

use crate::depot::Depot;
use crate::error::HqError;
use crate::hq::Hq;
use crate::random::random;
use crate::store::{self, column};

/// Draws labels from the system's random generator. They are nobody's until an HQ
/// adopts them as a roll.
///
/// # Errors
/// [`HqError::Random`].
pub fn draw(count: u32) -> Result<Vec<Token>, HqError> {
    (0..count).map(|_| random().map(Token::from_bytes)).collect()
}

impl Hq {
    /// Mints a roll of `count` labels, 1 to 65,536, from the system's random
    /// generator, for the common depot.
    ///
    /// # Errors
    /// [`HqError::RollSize`], [`HqError::Random`], or the database.
    pub fn mint_roll(&self, count: u32) -> Result<Roll, HqError> {
        self.mint_roll_for(None, count)
    }

    /// The same for a depot; none: for the common one. Its devices are told of the roll, and
    /// no others.
    ///
    /// # Errors
    /// As [`mint_roll`](Self::mint_roll).
    pub fn mint_roll_for(&self, depot: Option<&Depot>, count: u32) -> Result<Roll, HqError> {
        // More than the most labels are drawn in vain, then refused.
        self.adopt_roll_for(depot, &draw(count.min(65_537))?)
    }

    /// Takes labels that were minted and printed elsewhere as a roll of this
    /// HQ's, in this order, for the common depot.
    ///
    /// # Errors
    /// [`HqError::RollSize`], or the database: it refuses a label that is on a
    /// roll already.
    pub fn adopt_roll(&self, tokens: &[Token]) -> Result<Roll, HqError> {
        self.adopt_roll_for(None, tokens)
    }

    /// The same for a depot; none: for the common one.
    ///
    /// # Errors
    /// As [`adopt_roll`](Self::adopt_roll).
    pub fn adopt_roll_for(&self, depot: Option<&Depot>, tokens: &[Token]) -> Result<Roll, HqError> {
        let leaves: Vec<Leaf> = tokens.iter().copied().map(Leaf::Token).collect();
        let head = self.sign(RollHead::over(&leaves)?)?;
        let roll = Roll::new(head.clone(), leaves)?;
        self.log(|log| {
            let db = log.db;
            db.execute(
                "INSERT INTO rolls (id, head, minted_at, depot) VALUES (?1, ?2, ?3, ?4)",
                params![head.id().0, head.as_bytes(), column(log.at), store::depot_column(depot),],
            )?;
            let number = db.last_insert_rowid();
            let mut label =
                db.prepare("INSERT INTO labels (token, roll, place) VALUES (?1, ?2, ?3)")?;
            for (place, token) in (0_i64..).zip(tokens) {
                label.execute(params![token.as_bytes(), number, place])?;
            }
            log.act(ActKind::Roll, &head.id())
        })?;
        Ok(roll)
    }

    /// All rolls with all their labels, oldest first.
    ///
    /// # Errors
    /// The database.
    pub fn rolls(&self) -> Result<Vec<Roll>, HqError> {
        self.store.read(|db| self.all_rolls(db))
    }

    fn all_rolls(&self, db: &Connection) -> Result<Vec<Roll>, HqError> {
        let ids = store::roll_ids(db)?.into_iter();
        let rolls = ids.filter_map(|id| store::roll(db, &self.keys(), &id).transpose());
        rolls.collect()
    }
}
