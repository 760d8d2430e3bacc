//! Frames of Zstandard, with dictionaries of raw content.

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::codec::{CodecError, Decoded, STEP, WRONG};

/// Zstandard's magic number of frames.
pub const FRAME: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Most that one block of a frame may hold.
const BLOCK: usize = 128 << 10;

/// Decodes one frame. What it holds must be `skip` bytes, which are dropped, and `size` more.
pub fn decode_frame(
    decoder: &mut FrameDecoder,
    frame: &[u8],
    dictionary: Option<u32>,
    size: usize,
    skip: usize,
    out: &mut Vec<u8>,
) -> Decoded {
    let whole = size.checked_add(skip).ok_or(WRONG)?;
    // A window is never larger than what is in it, but for the least one and rounding.
    decoder.set_max_window_size((whole as u64).saturating_mul(2).max(8 << 20));
    let mut input = frame;
    decoder.init(&mut input).map_err(|_| WRONG)?;
    if let Some(id) = dictionary {
        decoder.force_dict(id).map_err(|_| WRONG)?;
    }
    loop {
        decoder.decode_blocks(&mut input, BlockDecodingStrategy::UptoBytes(STEP)).map_err(|_| WRONG)?;
        let ready = decoder.can_collect();
        if ready > whole - out.len() {
            return Err(CodecError::Wrong("its size is wrong"));
        }
        out.try_reserve(ready).map_err(|_| WRONG)?;
        decoder.collect_to_writer(&mut *out).map_err(|_| WRONG)?;
        if decoder.is_finished() {
            break;
        }
    }
    out.drain(..skip.min(out.len()));
    if out.len() == size {
        Ok(())
    } else {
        Err(WRONG)
    }
}

/// How many bytes a frame holds, as its header says; none when it does not.
pub fn content_size(frame: &[u8]) -> Option<usize> {
    let rest = frame.strip_prefix(&FRAME)?;
    let (&descriptor, rest) = rest.split_first()?;
    let single = descriptor & 0x20 != 0;
    let id = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let rest = rest.get(usize::from(!single) + id..)?;
    let (length, more) = match (descriptor >> 6, single) {
        (0, false) => return None,
        (0, true) => (1, 0),
        (1, _) => (2, 256),
        (flag, _) => (1_usize << flag, 0),
    };
    let size = rest.get(..length)?.iter().rev().fold(0_u64, |size, &byte| size << 8 | u64::from(byte));
    usize::try_from(size).ok()?.checked_add(more)
}

/// The frame with `content` in front of its own, as blocks that are not compressed.
pub fn prepend(frame: &[u8], content: &[u8], size: usize) -> Option<Vec<u8>> {
    let rest = frame.strip_prefix(&FRAME)?;
    let (&descriptor, rest) = rest.split_first()?;
    let single = descriptor & 0x20 != 0;
    let window = usize::from(!single);
    let id = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let length = match (descriptor >> 6, single) {
        (0, false) => 0,
        (0, true) => 1,
        (flag, _) => 1_usize << flag,
    };
    let blocks = rest.get(window + id + length..)?;
    let mut made = Vec::with_capacity(16 + content.len() + blocks.len() + content.len() / BLOCK * 3 + 3);
    made.extend_from_slice(&FRAME);
    made.push(0); // no size, no checksum, no dictionary, a window
    let wanted = (size + content.len()).max(1 << 10).next_power_of_two().trailing_zeros();
    made.push(u8::try_from(wanted.checked_sub(10)?).ok()? << 3);
    for part in content.chunks(BLOCK.min(1 << wanted)) {
        made.extend_from_slice(&((part.len() as u32) << 3).to_le_bytes()[..3]);
        made.extend_from_slice(part);
    }
    made.extend_from_slice(blocks);
    Some(made)
}
