//! What is sound of a damaged store: its log is read as far as it can be, and its trees are put together of what was found.

pub mod history;
pub mod loss;
pub mod orphans;
pub mod plan;
pub mod rescue;
pub mod scan;
pub mod survey;
pub mod uses;
mod witness;

#[cfg(test)]
mod gap_tests;
#[cfg(test)]
mod tests;
