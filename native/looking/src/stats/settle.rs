//! The tree of a keyspace once all keys went by: what turned out to be one of many joins its class.

use super::keys::Class;
use super::tree::{ROOT, Tree};

/// So many numbers below one prefix are many, unless one of them has much.
const FEW_NUMBERS: usize = 4;
/// A part of a class stays told apart when it has one entry of so many below its prefix.
const MUCH_OF_NUMBERS: u64 = 10;
const MUCH_OF_WORDS: u64 = 100;
/// And so many at least.
const SOME: u64 = 100;

/// Tells no part of a class apart that has but a small share of the entries.
pub fn settle(tree: &mut Tree) {
    below(tree, ROOT);
}

/// No deeper than keys are.
fn below(tree: &mut Tree, node: usize) {
    let all = tree.entries(node);
    let numbers = tree.words_of_class(node, Class::Number);
    if numbers.len() >= FEW_NUMBERS {
        join(tree, node, &numbers, all, MUCH_OF_NUMBERS);
    }
    if tree.words_are_many(node) {
        let words = tree.words_of_class(node, Class::Word);
        join(tree, node, &words, all, MUCH_OF_WORDS);
    }
    let children: Vec<usize> = tree.nodes[node].words.iter().chain(&tree.nodes[node].classes).copied().collect();
    children.into_iter().for_each(|child| below(tree, child));
}

fn join(tree: &mut Tree, node: usize, parts: &[usize], all: u64, share: u64) {
    for &part in parts {
        let entries = tree.entries(part);
        if entries < SOME || entries.saturating_mul(share) < all {
            tree.generalize(node, part);
        }
    }
}
