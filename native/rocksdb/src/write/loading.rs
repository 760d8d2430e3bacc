//! The load of one family: what becomes of its entries.

use crate::error::Outcome;
use crate::write::by_age::ByAge;
use crate::write::entries::for_each_entry;
use crate::write::tables::Tables;
use crate::write::turned::Turned;

/// How a family is loaded: by tables in its order or the reverse of it, or by age.
pub enum Loading {
    Straight(Tables),
    Turned(Tables, Turned),
    ByAge(ByAge),
}

impl Loading {
    /// Nothing loaded yet, of entries in the family's order, or exactly the reverse with `turn`.
    pub fn of(tables: Tables, turn: bool) -> Self {
        if turn {
            Self::Turned(tables, Turned::default())
        } else {
            Self::Straight(tables)
        }
    }

    /// Adds the entries of an encoded block.
    ///
    /// Errors: DUMP_ORDER_BROKEN, DUMP_ENTRIES_MALFORMED, NO_SPACE, IO_FAILED.
    pub fn add(&mut self, block: &[u8]) -> Outcome<()> {
        match self {
            Self::Straight(tables) => for_each_entry(block, |key, value| tables.put(key, value)),
            Self::Turned(tables, turned) => for_each_entry(block, |key, value| turned.put(key, value, tables)),
            Self::ByAge(by_age) => for_each_entry(block, |key, value| by_age.put(key, value)),
        }
    }
}
