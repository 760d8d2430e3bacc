//! The entries of one log, read again to tell which keys may have changed; and why collecting those ends.

use std::io::Read;

use crate::error::{Fault, Reason as _};
use crate::files::log_file::{read_log, LogError, Piece};
use crate::files::log_replay::{Applied, Entry, Replay};
use crate::files::wal::Log;
use crate::files::write_batch::Kind;

/// Why collecting ends.
pub enum Stop {
    Unclear(&'static str),
    Fault(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Why reading a log ends.
enum LogStop {
    Log(LogError),
    Unclear(&'static str),
}

impl From<LogError> for LogStop {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

/// Calls `each` with all entries of a log, whose bytes `input` gives; it is false when there is no room for more keys. Returns how many
/// records were replayed.
pub fn keys_of_log(
    replay: &mut Replay,
    log: &Log,
    input: impl Read,
    mut each: impl FnMut(Entry<'_>) -> bool,
) -> Result<u64, Stop> {
    let mut records = 0;
    let read = read_log::<LogStop>(input, Some(log.number as u32), |_, piece| {
        let mut room = true;
        let mut told = true;
        let applied = apply(replay, log.number, piece, |entry| {
            told &= entry.kind != Kind::RangeDeletion;
            room &= each(entry);
        })?;
        records += u64::from(applied.is_some());
        check_told(room, told)
    });
    match read {
        Ok(_) => Ok(records),
        Err(LogStop::Unclear(reason)) => Err(Stop::Unclear(reason)),
        // It was read whole when the store was opened.
        Err(LogStop::Log(LogError::Io(error))) => Err(Fault::io("reading", &log.path, &error).into()),
        Err(LogStop::Log(LogError::Damaged { .. })) => Err(Stop::Unclear("its log can't be read again")),
    }
}

/// Replays a piece of a log.
fn apply(
    replay: &mut Replay,
    log: u64,
    piece: Piece<'_>,
    each: impl FnMut(Entry<'_>),
) -> Result<Option<Applied>, LogStop> {
    match piece {
        Piece::Record(record) => match replay.apply(log, record, each) {
            Ok(applied) => Ok(Some(applied)),
            Err(_) => Err(LogStop::Unclear("its log has operations of an unknown kind")),
        },
        Piece::TimestampSizes => Err(LogStop::Unclear("its keys have timestamps")),
        Piece::LogBefore(_) | Piece::Unknown(_) => Ok(None),
    }
}

/// Goes on when there was room for all keys, and all were told.
fn check_told(room: bool, told: bool) -> Result<(), LogStop> {
    match (room, told) {
        (true, true) => Ok(()),
        (_, false) => Err(LogStop::Unclear("ranges of keys were removed")),
        (false, _) => Err(LogStop::Unclear("too much was written")),
    }
}
