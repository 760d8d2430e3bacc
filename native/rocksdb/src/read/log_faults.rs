//! What is said of a write-ahead log that can't be read whole.

use crate::error::{Fault, Reason as _};
use crate::files::log_file::{End, LogBefore, LogError};
use crate::files::log_replay::ReplayError;
use crate::files::wal::Log;
use crate::files::write_batch::Policy;

const COPY_AGAIN: &str =
    "copy the store again from its origin or a backup, or save what is sound with `kgdump recover`";
const FLUSH_AND_COPY: &str = "a log file is missing, or the store's program writes without a log: let that program flush and close the store, then copy it whole";

/// What is said of how a log ends; nothing when it ends with its last record.
pub fn said_of_end(log: &Log, end: End) -> Option<String> {
    let name = log.path.display();
    match end {
        End::Clean => None,
        End::Torn { offset, dropped } => Some(format!(
            "the log {name} ends with a write that was never completed ({dropped} bytes from byte {offset} on): it is not part of the store"
        )),
        End::Rest { offset, length } => Some(format!(
            "the log {name} ends with {length} bytes from byte {offset} on that are not a record: an earlier log left them in its file, or a write was never completed; they are not part of the store"
        )),
    }
}

/// Why a log's check ends.
pub enum WalError {
    Log(LogError),
    /// A record at this offset can't be replayed.
    Replay(u64, ReplayError),
    /// Sequence numbers are in no file.
    Gap {
        offset: u64,
        expected: u64,
        found: u64,
        /// The record before commits a transaction whose prepare was not read.
        unknown_commit: bool,
    },
    /// What the log tells of the log before it is not so: that one has this size and last sequence number.
    Before {
        offset: u64,
        told: LogBefore,
        size: u64,
        last: u64,
    },
    /// Nothing is in a log behind which another one was begun.
    Empty,
    /// The log before it is not there.
    NoBefore {
        offset: u64,
        told: LogBefore,
    },
    /// An entry is in the tables of its family already, although MANIFEST told that the log was begun behind them.
    Older {
        offset: u64,
        sequence: u64,
        family: Vec<u8>,
        /// The greatest sequence number in the tables then.
        flushed: u64,
    },
    /// A range deletion is in no table, although a table was ingested into its range after it.
    Overtaken {
        offset: u64,
        sequence: u64,
        table: u64,
    },
    /// A record has a sequence number that an earlier one took.
    Back {
        offset: u64,
        expected: u64,
        found: u64,
        /// Whether the store has transactions: then it is another write policy, and no damage.
        transactions: bool,
    },
}

impl From<LogError> for WalError {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

impl WalError {
    /// The error that it makes of `log`.
    pub fn fault(self, log: &Log) -> Fault {
        let name = log.path.display();
        let damaged = |message: String, hint: &str| Fault::new("STORE_LOG_DAMAGED", message).at(&log.path).hint(hint);
        match self {
            Self::Log(LogError::Io(error)) => Fault::io("reading", &log.path, &error),
            Self::Log(LogError::Damaged { offset, reason }) => {
                damaged(format!("the log {name} is damaged at byte {offset}: {reason}"), COPY_AGAIN)
            }
            Self::Replay(offset, ReplayError::Unreadable(reason)) => {
                damaged(format!("the log {name} is damaged at byte {offset}: {reason}"), COPY_AGAIN)
            }
            Self::Replay(offset, ReplayError::PreparedTwice(transaction)) => damaged(
                format!(
                    "the log {name} prepares the transaction \"{}\" again at byte {offset}: what decided it before is missing",
                    transaction.escape_ascii()
                ),
                COPY_AGAIN,
            ),
            Self::Replay(offset, ReplayError::Policy(policy)) => other_policy(log, offset, policy),
            Self::Gap { offset, expected, found, unknown_commit } => damaged(
                format!(
                    "entries are missing before byte {offset} of the log {name}: sequence numbers {expected} to {} are in no file{}",
                    found - 1,
                    if unknown_commit { ", as the log with the prepare of a transaction is missing" } else { "" }
                ),
                FLUSH_AND_COPY,
            ),
            Self::Before { offset, told, size, last } => damaged(
                format!(
                    "the log {:06}.log, which comes before {name}, was cut: it had {} bytes and its last record the sequence number {}, now {size} and {last} (byte {offset})",
                    told.number, told.size, told.last_sequence
                ),
                COPY_AGAIN,
            ),
            Self::Empty => damaged(
                format!("the log {name} has no whole record, although RocksDB began another log behind it"),
                COPY_AGAIN,
            ),
            Self::NoBefore { offset, told } => damaged(
                format!(
                    "the log {:06}.log is missing: the log {name} says at byte {offset} that it comes before it",
                    told.number
                ),
                FLUSH_AND_COPY,
            ),
            Self::Older { offset, sequence, family, flushed } => damaged(
                format!(
                    "the log {name} has the sequence number {sequence} at byte {offset}, although it was begun when the tables of the family \"{}\" had all up to {flushed}: logs changed places, and one may be missing",
                    family.escape_ascii()
                ),
                COPY_AGAIN,
            ),
            Self::Overtaken { offset, sequence, table } => damaged(
                format!(
                    "the log {name} has a range deletion with the sequence number {sequence} at byte {offset}, which is older than the table {table:06}.sst that was ingested into its range: RocksDB would have put it into a table before, so MANIFEST has lost one"
                ),
                COPY_AGAIN,
            ),
            Self::Back { offset, expected, found, transactions: true } => Fault::new(
                "STORE_UNSUPPORTED",
                format!(
                    "the log {name} goes back at byte {offset}: sequence number {found} follows {}, as with transactions of the write policy WRITE_PREPARED or WRITE_UNPREPARED, which only a program with that policy can read",
                    expected.saturating_sub(1)
                ),
            )
            .at(&log.path)
            .hint("let the store's program decide its transactions, flush the store and close it, then export it again"),
            Self::Back { offset, expected, found, .. } => damaged(
                format!(
                    "the log {name} goes back at byte {offset}: sequence number {found} follows {}, which only transactions of the write policy WRITE_PREPARED or WRITE_UNPREPARED do",
                    expected.saturating_sub(1)
                ),
                "when the store's program uses such transactions, let it flush and close the store, then export it again; else copy the store again from its origin or a backup",
            ),
        }
    }
}

/// The error of transactions whose entries are in the store before their commit.
fn other_policy(log: &Log, offset: u64, policy: Policy) -> Fault {
    let policy = match policy {
        Policy::Committed => "WRITE_COMMITTED",
        Policy::Prepared => "WRITE_PREPARED",
        Policy::Unprepared => "WRITE_UNPREPARED",
    };
    Fault::new(
        "STORE_UNSUPPORTED",
        format!(
            "the log {} holds a transaction of the write policy {policy} at byte {offset}, which only a program with that policy can read",
            log.path.display()
        ),
    )
    .at(&log.path)
    .hint(format!(
        "open the store with a TransactionDB of the write policy {policy}, decide its prepared transactions, flush it and close it, then export it again"
    ))
}
