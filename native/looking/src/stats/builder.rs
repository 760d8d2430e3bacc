//! The statistics of a store or a dump, block by block, keyspace by keyspace.
//!
//! Contract: blocks of a keyspace come in its order. Nothing of a block is kept but what is named: keys of the largest entries, samples, examples.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use kgdump_shared::fault::Outcome;

use super::expression::Expression;
use super::keys::Separators;
use super::output;
use super::sample::Reservoir;
use super::settle::settle;
use super::tally::{Entry, Named};
use super::tree::{ROOT, Tree};
use crate::entries;

/// What is asked for.
pub struct Settings {
    pub separators: Separators,
    pub schema: bool,
    /// Entries that are named as the largest of a keyspace.
    pub largest: usize,
    pub filter: Option<Filter>,
}

/// Which entries count.
pub struct Filter {
    expression: Expression,
    keys: bool,
    values: bool,
}

impl Filter {
    /// Errors: USAGE for what is no regular expression, or too large a one.
    pub fn new(expression: &str, keys: bool, values: bool) -> Outcome<Self> {
        Ok(Self { expression: Expression::new(expression)?, keys, values })
    }

    pub fn takes(&mut self, key: &[u8], value: &[u8]) -> bool {
        self.keys && self.expression.is_in(key) || self.values && self.expression.is_in(value)
    }
}

pub struct Builder {
    settings: Settings,
    tree: Tree,
    largest: BinaryHeap<Reverse<Named>>,
    sample: Reservoir,
    /// Place of the keyspace that is worked on, among those that were.
    keyspace: usize,
    /// Entries that went by in it, also those that do not count.
    entries: u64,
}

impl Builder {
    pub fn new(settings: Settings, sample: Reservoir) -> Self {
        let tree = Tree::new(settings.separators.clone(), settings.schema);
        Self { settings, tree, largest: BinaryHeap::new(), sample, keyspace: 0, entries: 0 }
    }

    /// Takes in a block. @param stored bytes that it takes in the dump
    ///
    /// Errors: DUMP_ENTRIES_MALFORMED.
    pub fn add(&mut self, raw: &[u8], stored: f64) -> Outcome<()> {
        let share = stored / raw.len().max(1) as f64;
        entries::each(raw, |key, value, bytes| {
            self.entry(Entry { key, value, stored: share * bytes as f64, number: self.entries });
            Ok(())
        })
    }

    #[inline]
    fn entry(&mut self, entry: Entry<'_>) {
        self.entries += 1;
        if let Some(filter) = &mut self.settings.filter
            && !filter.takes(entry.key, entry.value.unwrap_or_default())
        {
            return;
        }
        self.tree.add(&entry);
        self.sample.add(self.keyspace, entry.key, entry.value);
        let least = self.largest.peek().map(|Reverse(least)| least.value_bytes);
        if self.largest.len() < self.settings.largest || least.is_some_and(|least| least < entry.value_bytes()) {
            self.largest.push(Reverse(Named::of(&entry)));
            if self.largest.len() > self.settings.largest {
                self.largest.pop();
            }
        }
    }

    /// Ends the keyspace that is worked on; another one may begin. What was counted of it, as JSON.
    pub fn finish_keyspace(&mut self) -> String {
        let next = Tree::new(self.settings.separators.clone(), self.settings.schema);
        let mut tree = std::mem::replace(&mut self.tree, next);
        settle(&mut tree);
        let (_, prefixes) = output::prefix(&tree, ROOT);
        let largest = std::mem::take(&mut self.largest).into_sorted_vec();
        let largest: Vec<String> = largest.iter().map(|Reverse(one)| output::named(one)).collect();
        let json = format!(
            "{{\"seen\":{},\"givenUp\":{},\"largest\":[{}],\"prefixes\":{prefixes}}}",
            self.entries,
            tree.given_up,
            largest.join(",")
        );
        self.keyspace += 1;
        self.entries = 0;
        json
    }

    /// The entries that were chosen, as JSON.
    pub fn samples(&self) -> String {
        let chosen: Vec<String> = self.sample.chosen().iter().map(output::chosen).collect();
        format!("[{}]", chosen.join(","))
    }
}
