//! Looks into logs for one thing alone, without a check of the rest.
//!
//! Contract: only reads.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufReader, ErrorKind, Read};

use crate::error::{Fault, Outcome, Reason as _};
use crate::files::log_file::physical::{is_note, is_recyclable, u32_at, HEADER, RECYCLABLE_HEADER};
use crate::files::log_file::{read_log, LogError, Piece, LATER_LOG};
use crate::files::log_replay::Replay;
use crate::files::wal::Log;
use crate::files::write_batch::newest_taken;
use crate::read::log_faults::WalError;

/// The number of another log whose record stands first in a log: its file was used before, when nothing is in it yet. Only the low 32 bits.
///
/// Errors: IO_FAILED, NOT_FOUND.
pub fn first_of_other(log: &Log) -> Outcome<Option<u32>> {
    let mut header = [0; RECYCLABLE_HEADER];
    let file = File::open(&log.path).map_err(|error| Fault::io("opening", &log.path, &error))?;
    match BufReader::new(file).read_exact(&mut header) {
        Ok(()) if is_recyclable(header[HEADER - 1]) => {
            Ok(Some(u32_at(&header, HEADER)).filter(|&number| number != log.number as u32))
        }
        Ok(()) => Ok(None),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(Fault::io("reading", &log.path, &error)),
    }
}

/// Whether a log begins with a note of its writer, after which it is not empty for RocksDB.
///
/// Errors: IO_FAILED, NOT_FOUND.
pub fn begins_with_note(log: &Log) -> Outcome<bool> {
    let mut header = [0; HEADER];
    let file = File::open(&log.path).map_err(|error| Fault::io("opening", &log.path, &error))?;
    match BufReader::new(file).read_exact(&mut header) {
        Ok(()) => Ok(is_note(header[HEADER - 1])),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(Fault::io("reading", &log.path, &error)),
    }
}

/// Whether any record of the logs prepares a transaction, as far as they can be read.
///
/// Errors: IO_FAILED, NOT_FOUND.
pub fn prepares(logs: &[Log]) -> Outcome<bool> {
    for log in logs {
        let file = File::open(&log.path).map_err(|error| Fault::io("opening", &log.path, &error))?;
        let reader = BufReader::with_capacity(1 << 20, file);
        let mut replay = Replay::default();
        let read = read_log::<WalError>(reader, Some(log.number as u32), |offset, piece| match piece {
            Piece::Record(record) => {
                replay.apply(log.number, record, |_| {}).map(drop).map_err(|error| WalError::Replay(offset, error))
            }
            _ => Ok(()),
        });
        if replay.two_phase {
            return Ok(true);
        }
        if let Err(WalError::Log(LogError::Io(error))) = read {
            return Err(Fault::io("reading", &log.path, &error));
        }
    }
    Ok(false)
}

/// What stands in the records of a log, as far as it can be read; none when there are none.
///
/// Errors: IO_FAILED, NOT_FOUND.
pub fn content_of(log: &Log) -> Outcome<Option<u64>> {
    let file = File::open(&log.path).map_err(|error| Fault::io("opening", &log.path, &error))?;
    let (mut content, mut records) = (DefaultHasher::new(), 0_u64);
    let reader = BufReader::with_capacity(1 << 20, file);
    let read = read_log::<WalError>(reader, Some(log.number as u32), |_, piece| {
        if let Piece::Record(record) = piece {
            record.hash(&mut content);
            records += 1;
        }
        Ok(())
    });
    match read {
        Err(WalError::Log(LogError::Io(error))) => Err(Fault::io("reading", &log.path, &error)),
        _ => Ok((records > 0).then(|| content.finish())),
    }
}

/// The newest sequence number that a log's entries surely have, as far as it can be read; 0 when there is none. None when it holds records of a later log: those
/// of an earlier one may be left in a file that is used again, but never the other way round. `each` gets the records.
///
/// Errors: IO_FAILED.
pub fn newest_sequence(log: &Log, mut each: impl FnMut(&[u8])) -> Outcome<Option<u64>> {
    let file = match File::open(&log.path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Some(0)),
        Err(error) => return Err(Fault::io("opening", &log.path, &error)),
    };
    let mut newest = 0;
    let reader = BufReader::with_capacity(1 << 20, file);
    let read = read_log::<WalError>(reader, Some(log.number as u32), |_, piece| {
        if let Piece::Record(record) = piece {
            // With some transactions all entries of a batch have its first number.
            newest = newest.max(newest_taken(record).unwrap_or(0));
            each(record);
        }
        Ok(())
    });
    match read {
        Err(WalError::Log(LogError::Io(error))) => Err(Fault::io("reading", &log.path, &error)),
        Err(WalError::Log(LogError::Damaged { reason, .. })) if reason == LATER_LOG => Ok(None),
        _ => Ok(Some(newest)),
    }
}
