//! Decompressing blocks and blobs, each of which says how many bytes it has.
//!
//! Contract: nothing is allocated that the compressed bytes can't hold; a wrong block is an error. Dictionaries are those that
//! RocksDB gives to a codec: of raw content for all, in Zstandard's own form for zstd if it has its magic number.

use bzip2::{Decompress as Bzip2, Status as Bzip2Status};
use flate2::{Decompress as Inflate, FlushDecompress, Status as InflateStatus};
use ruzstd::decoding::{Dictionary as ZstdDictionary, FrameDecoder};

use super::super::bytes::{fixed32, varint32};
pub use super::codec::{CodecError, Decoded};
use super::codec::{STEP, WRONG};
use super::zstd::{content_size, decode_frame, prepend, FRAME};

/// Bytes that one byte of each codec can become at most, roughly; more is a lie.
const MOST_LZ4: usize = 256;
const MOST_SNAPPY: usize = 24;
const MOST_INFLATE: usize = 1040;
/// Zlib looks back so far.
const INFLATE_WINDOW: usize = 32 << 10;
/// Zstandard's magic number of dictionaries.
const ZSTD_DICTIONARY: [u8; 4] = [0x37, 0xa4, 0x30, 0xec];
/// Most that a dictionary may have; RocksDB's are some tens of KiB.
const ZSTD_MOST_DICTIONARY: usize = 64 << 20;

/// Decompresses the blocks of one file.
pub struct Decoder {
    /// Whether sizes are varints in front of the compressed bytes: from format version 2 on.
    sized: bool,
    dictionary: Vec<u8>,
    zstd: FrameDecoder,
    /// Id of the dictionary, when it has zstd's own form.
    zstd_dictionary: Option<u32>,
    scratch: Vec<u8>,
}

impl Decoder {
    /// For a table of this format version; blob files are like version 2.
    pub fn new(version: u32) -> Self {
        Self {
            sized: version >= 2,
            dictionary: Vec::new(),
            zstd: FrameDecoder::new(),
            zstd_dictionary: None,
            scratch: Vec::new(),
        }
    }

    /// The dictionary with which the data blocks were compressed. Errors: CodecError::Wrong when it can't be one.
    pub fn use_dictionary(&mut self, dictionary: Vec<u8>) -> Decoded {
        if dictionary.starts_with(&ZSTD_DICTIONARY) {
            // Another codec may have made it by chance: then it is of raw content all the same.
            if let Ok(parsed) = ZstdDictionary::decode_dict(&dictionary) {
                let id = parsed.id;
                self.zstd.add_dict(parsed).map_err(|_| CodecError::Wrong("its dictionary is wrong"))?;
                self.zstd_dictionary = Some(id);
            }
        }
        if dictionary.len() > ZSTD_MOST_DICTIONARY {
            return Err(CodecError::Wrong("its dictionary is too long"));
        }
        self.dictionary = dictionary;
        Ok(())
    }

    /// Decompresses `stored`, whose compression type is `kind`, into `out`, which is emptied before. `data` tells whether it is
    /// a data block, for which the dictionary is.
    pub fn decode(&mut self, kind: u8, stored: &[u8], data: bool, out: &mut Vec<u8>) -> Decoded {
        out.clear();
        let dictionary = std::mem::take(&mut self.dictionary);
        let known: &[u8] = if data { &dictionary } else { &[] };
        let decoded = match kind {
            0 => {
                out.extend_from_slice(stored);
                Ok(())
            }
            1 => snappy(stored, out),
            2 if !self.sized => self.second_of_leveldb(stored, known, out),
            2 => inflate(true, stored, known, &mut self.scratch, out),
            3 => bunzip2(self.sized, stored, out),
            // Minecraft's LevelDB has raw deflate under this number.
            4 if !self.sized => lz4(false, stored, known, out).or_else(|_| {
                out.clear();
                inflate(false, stored, known, &mut self.scratch, out)
            }),
            4 | 5 => lz4(self.sized, stored, known, out),
            7 | 0x40 => self.zstd(stored, known, out),
            _ => Err(CodecError::Unknown(kind)),
        };
        self.dictionary = dictionary;
        decoded
    }

    /// What has the number 2 in a table of the first format: Zstandard in LevelDB, a zlib stream in Minecraft's, raw deflate in RocksDB.
    fn second_of_leveldb(&mut self, stored: &[u8], dictionary: &[u8], out: &mut Vec<u8>) -> Decoded {
        if stored.starts_with(&FRAME) {
            let size = content_size(stored).ok_or(WRONG)?;
            return decode_frame(&mut self.zstd, stored, None, size, 0, out);
        }
        if let [first, second, rest @ ..] = stored {
            // The header of a zlib stream: its checksum at the end is not needed, as the block has one.
            let is_zlib = first & 0x0f == 8 && (u16::from(*first) << 8 | u16::from(*second)) % 31 == 0;
            if is_zlib && inflate(false, rest, dictionary, &mut self.scratch, out).is_ok() {
                return Ok(());
            }
        }
        out.clear();
        inflate(false, stored, dictionary, &mut self.scratch, out)
    }

    fn zstd(&mut self, stored: &[u8], dictionary: &[u8], out: &mut Vec<u8>) -> Decoded {
        let (size, stored) = sized(stored).ok_or(WRONG)?;
        let own = (!dictionary.is_empty()).then_some(self.zstd_dictionary).flatten();
        if dictionary.is_empty() || own.is_some() {
            return decode_frame(&mut self.zstd, stored, own, size, 0, out);
        }
        // A dictionary of raw content is what came before: so it goes in front, as blocks that are not compressed.
        let with_content = prepend(stored, dictionary, size).ok_or(WRONG)?;
        decode_frame(&mut self.zstd, &with_content, None, size, dictionary.len(), out)
    }
}

/// The size in front, and the rest.
fn sized(stored: &[u8]) -> Option<(usize, &[u8])> {
    let mut rest = stored;
    let size = varint32(&mut rest)?;
    Some((size as usize, rest))
}

/// Makes `out` `size` bytes long, unless `stored` can't become so long.
fn reserve(out: &mut Vec<u8>, size: usize, stored: usize, most: usize) -> Decoded {
    if size > stored.saturating_mul(most).saturating_add(most) || out.try_reserve_exact(size).is_err() {
        return Err(CodecError::Wrong("its size is wrong"));
    }
    out.resize(size, 0);
    Ok(())
}

fn snappy(stored: &[u8], out: &mut Vec<u8>) -> Decoded {
    let size = snap::raw::decompress_len(stored).map_err(|_| WRONG)?;
    reserve(out, size, stored.len(), MOST_SNAPPY)?;
    let written = snap::raw::Decoder::new().decompress(stored, out).map_err(|_| WRONG)?;
    if written == size {
        Ok(())
    } else {
        Err(WRONG)
    }
}

fn lz4(with_size: bool, stored: &[u8], dictionary: &[u8], out: &mut Vec<u8>) -> Decoded {
    let (size, stored) = if with_size {
        sized(stored).ok_or(WRONG)?
    } else {
        (fixed32(stored, 0).ok_or(WRONG)? as usize, stored.get(8..).ok_or(WRONG)?)
    };
    reserve(out, size, stored.len(), MOST_LZ4)?;
    let written = if dictionary.is_empty() {
        lz4_flex::block::decompress_into(stored, out)
    } else {
        lz4_flex::block::decompress_into_with_dict(stored, out, dictionary)
    };
    if written.map_err(|_| WRONG)? == size {
        Ok(())
    } else {
        Err(WRONG)
    }
}

/// Inflates raw deflate, or a zlib stream. A dictionary goes in front as blocks that are not compressed.
fn inflate(with_size: bool, stored: &[u8], dictionary: &[u8], scratch: &mut Vec<u8>, out: &mut Vec<u8>) -> Decoded {
    let (size, stored) = if with_size {
        let (size, rest) = sized(stored).ok_or(WRONG)?;
        (Some(size), rest)
    } else {
        (None, stored)
    };
    if size.is_some_and(|size| size > stored.len().saturating_mul(MOST_INFLATE).saturating_add(MOST_INFLATE)) {
        return Err(CodecError::Wrong("its size is wrong"));
    }
    let content = &dictionary[dictionary.len().saturating_sub(INFLATE_WINDOW)..];
    scratch.clear();
    if !content.is_empty() {
        let length = content.len() as u16;
        scratch.push(0);
        scratch.extend_from_slice(&length.to_le_bytes());
        scratch.extend_from_slice(&(!length).to_le_bytes());
        scratch.extend_from_slice(content);
    }
    let mut stream = Inflate::new(false);
    for (input, last) in [(scratch.as_slice(), false), (stored, true)] {
        run_inflate(&mut stream, input, last, size.map(|size| size + content.len()), out)?;
    }
    out.drain(..content.len().min(out.len()));
    if size.is_none_or(|size| size == out.len()) {
        Ok(())
    } else {
        Err(WRONG)
    }
}

fn run_inflate(stream: &mut Inflate, mut input: &[u8], last: bool, most: Option<usize>, out: &mut Vec<u8>) -> Decoded {
    while last || !input.is_empty() {
        let room = most.map_or(STEP, |most| STEP.min(most + 1 - out.len().min(most)));
        out.try_reserve(room).map_err(|_| WRONG)?;
        let (read, written) = (stream.total_in(), stream.total_out());
        let status = stream.decompress_vec(input, out, FlushDecompress::None).map_err(|_| WRONG)?;
        input = &input[(stream.total_in() - read) as usize..];
        if most.is_some_and(|most| out.len() > most) {
            return Err(CodecError::Wrong("its size is wrong"));
        }
        match status {
            InflateStatus::StreamEnd => return if last { Ok(()) } else { Err(WRONG) },
            _ if stream.total_in() == read && stream.total_out() == written => return Err(WRONG),
            _ => {}
        }
    }
    Ok(())
}

fn bunzip2(with_size: bool, stored: &[u8], out: &mut Vec<u8>) -> Decoded {
    let (size, mut input) = if with_size {
        let (size, rest) = sized(stored).ok_or(WRONG)?;
        (Some(size), rest)
    } else {
        (None, stored)
    };
    let mut stream = Bzip2::new(false);
    loop {
        let room = size.map_or(STEP, |most| STEP.min(most + 1 - out.len().min(most)));
        out.try_reserve(room).map_err(|_| WRONG)?;
        let (read, written) = (stream.total_in(), stream.total_out());
        let status = stream.decompress_vec(input, out).map_err(|_| WRONG)?;
        input = &input[(stream.total_in() - read) as usize..];
        if size.is_some_and(|most| out.len() > most) {
            return Err(CodecError::Wrong("its size is wrong"));
        }
        if status == Bzip2Status::StreamEnd {
            return if size.is_none_or(|size| size == out.len()) { Ok(()) } else { Err(WRONG) };
        }
        if stream.total_in() == read && stream.total_out() == written {
            return Err(WRONG);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(kind: u8, stored: &[u8]) -> Result<Vec<u8>, CodecError> {
        let mut out = Vec::new();
        Decoder::new(5).decode(kind, stored, true, &mut out).map(|()| out)
    }

    #[test]
    fn lies_about_sizes_allocate_nothing() {
        for kind in [1, 2, 3, 4, 5, 7] {
            // It claims 4 GiB.
            let stored = [0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3, 4, 5];
            assert!(decode(kind, &stored).is_err(), "{kind}");
            for length in 0..stored.len() {
                assert!(decode(kind, &stored[..length]).is_err(), "{kind} {length}");
            }
        }
    }

    #[test]
    fn unknown_codecs_are_named() {
        assert_eq!(decode(0x85, &[]), Err(CodecError::Unknown(0x85)));
        assert_eq!(decode(6, &[]), Err(CodecError::Unknown(6)));
    }

    #[test]
    fn leveldb_has_numbers_of_its_own() {
        use std::io::Write;
        let content = b"chunk data ".repeat(100);
        let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        raw.write_all(&content).unwrap();
        zlib.write_all(&content).unwrap();
        let (raw, zlib) = (raw.finish().unwrap(), zlib.finish().unwrap());
        // Of zstd itself.
        let zstd = [
            40, 181, 47, 253, 96, 76, 3, 149, 0, 0, 88, 99, 104, 117, 110, 107, 32, 100, 97, 116, 97, 32, 1, 0, 62,
            248, 47, 94,
        ];
        for (kind, stored) in [(2, &raw[..]), (2, &zlib), (2, &zstd), (4, &raw)] {
            let mut out = vec![1, 2, 3];
            assert_eq!(Decoder::new(0).decode(kind, stored, true, &mut out), Ok(()), "{kind}");
            assert!(out == content, "{kind}");
            assert!(Decoder::new(0).decode(kind, &stored[..stored.len() / 2], true, &mut out).is_err(), "{kind}");
        }
    }
}
