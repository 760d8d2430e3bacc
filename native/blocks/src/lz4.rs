//! LZ4 blocks (github.com/lz4/lz4, doc/lz4_Block_format.md): made by the reference library, decoded here.
//!
//! Contract: pure functions over bytes; decoding stays within its output whatever the input is, and holds every rule of the format while it
//! decodes. Neither the reference library nor lz4_flex does the latter, and a second walk over the sequences takes as long as decoding.

use std::ffi::{c_char, c_int};

use kgdump_shared::fault::{Fault, Outcome};

/// How fast the search goes on after misses: with 1, the default, blocks of a graph take a sixth to a third longer and are 0.5 % smaller,
/// those of Markdown 5 %. With 3 the latter are 11 % bigger, for a tenth of the time.
const ACCELERATION: c_int = 2;

/// The most bytes that `compress` can make of `length` bytes; 0 when it can't compress so many (2,113,929,216).
pub fn most_compressed(length: usize) -> usize {
    let Ok(length) = c_int::try_from(length) else { return 0 };
    // SAFETY: plain arithmetic.
    let bound = unsafe { lz4_sys::LZ4_compressBound(length) };
    usize::try_from(bound).unwrap_or(0)
}

/// Compresses `input` into `output`, which must hold `most_compressed` bytes; the bytes written.
pub fn compress(input: &[u8], output: &mut [u8]) -> Outcome<u32> {
    let needed = most_compressed(input.len());
    if needed == 0 || output.len() < needed {
        let problem = format!("{} bytes can't be compressed into a buffer of {}", input.len(), output.len());
        return Err(Fault::new("INTERNAL", problem));
    }
    // SAFETY: both are valid for the lengths given, which fit a c_int because `needed` does.
    let written = unsafe {
        lz4_sys::LZ4_compress_fast(
            input.as_ptr().cast::<c_char>(),
            output.as_mut_ptr().cast::<c_char>(),
            input.len() as c_int,
            needed as c_int,
            ACCELERATION,
        )
    };
    match u32::try_from(written) {
        Ok(written) if written > 0 => Ok(written),
        _ => Err(Fault::new("INTERNAL", "LZ4 failed although its output had room")),
    }
}

/// Literals that end a block behind a match, at least.
const LAST_LITERALS: usize = 5;
/// So many bytes before the end of what a block decodes to its last match begins, at least.
const LAST_MATCH: usize = 12;
/// Bytes of the shortest match.
const LEAST_MATCH: usize = 4;
/// A length of which a token has all four bits goes on behind it.
const GOES_ON: usize = 15;
/// Bytes that are copied for literals whose length stands in the token, 14 at most; the rest is overwritten. Where so many follow, an offset does, too.
const FEW_LITERALS: usize = 16;
/// The same of a match: 14 + LEAST_MATCH at most.
const SHORT_MATCH: usize = 18;

const BEYOND: &str = "it has literals beyond its end";
const WITHIN_A_LENGTH: &str = "it ends within a length";

/// Decompresses `input` into `output`; the bytes written, or the rule of the format that is broken.
///
/// Decoders in use hold different ones of these rules: a block that one of them takes is to be one for all.
pub fn decompress(input: &[u8], output: &mut [u8]) -> Result<u32, String> {
    let written = decode(input, output)?;
    u32::try_from(written).map_err(|_| "more than 4 GiB".to_owned())
}

fn decode(input: &[u8], output: &mut [u8]) -> Result<usize, &'static str> {
    let (mut at, mut end) = (0, 0_usize);
    let mut last_match = None;
    loop {
        let &token = input.get(at).ok_or("it ends behind a match, or has no sequence")?;
        at += 1;
        let literals = usize::from(token >> 4);
        if let Some((from, to)) = few_literals(literals, &input[at..], &mut output[end..]) {
            to.copy_from_slice(from);
            (at, end) = (at + literals, end + literals);
        } else {
            let literals = length(input, &mut at, literals)?;
            let from = input[at..].get(..literals).ok_or(BEYOND)?;
            output[end..].get_mut(..literals).ok_or(BEYOND)?.copy_from_slice(from);
            (at, end) = (at + literals, end + literals);
            if at == input.len() {
                return match last_match {
                    Some(_) if literals < LAST_LITERALS => Err("fewer than five literals follow its last match"),
                    Some(begun) if end - begun < LAST_MATCH => {
                        Err("its last match begins less than twelve bytes before its end")
                    }
                    _ => Ok(end),
                };
            }
        }
        let offset = *input[at..].first_chunk().ok_or("it ends within an offset")?;
        at += offset.len();
        let offset = usize::from(u16::from_le_bytes(offset));
        if offset == 0 || offset > end {
            return Err("a match begins before its first byte, or at its own");
        }
        last_match = Some(end);
        let first = usize::from(token & 15);
        if first < GOES_ON && offset >= SHORT_MATCH && end + SHORT_MATCH <= output.len() {
            output.copy_within(end - offset..end - offset + SHORT_MATCH, end);
            end += first + LEAST_MATCH;
        } else {
            let more = length(input, &mut at, first)?.saturating_add(LEAST_MATCH);
            if more > output.len() - end {
                return Err("it decodes to more than it should");
            }
            repeat(output, offset, end, more);
            end += more;
        }
    }
}

/// Where a fixed number of bytes is copied from and to instead of so many literals, where there is room for that.
fn few_literals<'a>(
    literals: usize,
    input: &'a [u8],
    output: &'a mut [u8],
) -> Option<(&'a [u8; FEW_LITERALS], &'a mut [u8; FEW_LITERALS])> {
    if literals >= GOES_ON {
        return None;
    }
    input.first_chunk().zip(output.first_chunk_mut())
}

/// A length of which a token has the first four bits: bytes of 255 go on.
fn length(input: &[u8], at: &mut usize, first: usize) -> Result<usize, &'static str> {
    let mut sum = first;
    let mut goes_on = first == GOES_ON;
    while goes_on {
        let &byte = input.get(*at).ok_or(WITHIN_A_LENGTH)?;
        *at += 1;
        sum = sum.saturating_add(usize::from(byte));
        goes_on = byte == 255;
    }
    Ok(sum)
}

/// Writes `more` bytes at `end`, each as the one `offset` before it: what was written is copied, too, when the match is longer than that.
fn repeat(output: &mut [u8], offset: usize, end: usize, more: usize) {
    let (from, stop) = (end - offset, end + more);
    let mut end = end;
    while end < stop {
        let part = (end - from).min(stop - end);
        output.copy_within(from..from + part, end);
        end += part;
    }
}

#[cfg(test)]
mod tests {
    use super::{compress, decompress, most_compressed};

    fn compressed(input: &[u8]) -> Vec<u8> {
        let mut output = vec![0; most_compressed(input.len())];
        let length = compress(input, &mut output).unwrap();
        output.truncate(length as usize);
        output
    }

    #[test]
    fn what_was_compressed_comes_back() {
        for length in [0, 1, 12, 13, 255, 65_535, 65_536, 1 << 20] {
            let input: Vec<u8> = (0..length).map(|at| (at / 7 % 251) as u8).collect();
            let mut output = vec![0; length];
            assert_eq!(decompress(&compressed(&input), &mut output), Ok(length as u32));
            assert_eq!(output, input);
        }
    }

    #[test]
    fn too_little_room_is_an_error() {
        let input = vec![7; 1000];
        assert!(decompress(&[1, 2, 3, 4, 5], &mut [0; 2]).is_err());
        assert!(decompress(&compressed(&input), &mut [0; 999]).is_err());
        assert_eq!(decompress(&compressed(&input), &mut [0; 1001]), Ok(1000));
        assert!(decompress(&[], &mut [0; 10]).is_err());
        assert!(compress(&input, &mut [0; 1000]).is_err());
    }

    #[test]
    fn more_than_it_can_compress_is_told() {
        assert_eq!(most_compressed(0x7e00_0001), 0);
        assert_eq!(most_compressed(u32::MAX as usize), 0);
        assert!(most_compressed(0x7e00_0000) > 0x7e00_0000);
    }

    #[test]
    fn the_rules_of_the_format_are_held() {
        // One literal, a match of 20 bytes, and literals behind it.
        let ends =
            |literals: usize| [&[0x1f, b'a', 1, 0, 1, (literals as u8) << 4][..], &vec![b'b'; literals]].concat();
        let mut output = [0; 64];
        for literals in 0..12 {
            let decoded = decompress(&ends(literals), &mut output[..21 + literals]);
            assert_eq!(decoded.is_ok(), literals >= 5, "{literals}");
        }
        // A last match of four bytes, so many bytes before the end.
        for behind in 5..14 {
            let block = [&[0x1f, b'a', 1, 0, 1, 0x00, 1, 0, (behind as u8) << 4][..], &vec![b'b'; behind]].concat();
            assert_eq!(decompress(&block, &mut output[..25 + behind]).is_ok(), behind + 4 >= 12, "{behind}");
        }
        let offset = |offset: u8| [&[0x1f, b'a', offset, 0, 1, 0x80][..], &[b'b'; 8]].concat();
        assert_eq!([0, 1, 2].map(|far| decompress(&offset(far), &mut output[..29]).is_ok()), [false, true, false]);
        // As much as there is room for, and one byte more.
        let match_at_end = [0x1f, b'a', 1, 0, 1];
        for (room, said) in [(21, "it ends behind a match"), (20, "it decodes to more than it should")] {
            assert!(decompress(&match_at_end, &mut output[..room]).unwrap_err().starts_with(said));
        }
        // Literals alone have no rule for their end.
        assert_eq!(decompress(&[0x10, b'a'], &mut output[..1]), Ok(1));
    }

    /// What the reference library makes of a block; it does not hold all rules.
    fn reference(input: &[u8], output: &mut [u8]) -> Option<u32> {
        let (from, to) = (input.as_ptr().cast(), output.as_mut_ptr().cast());
        // SAFETY: both are valid for the lengths given.
        let written = unsafe { lz4_sys::LZ4_decompress_safe(from, to, input.len() as i32, output.len() as i32) };
        u32::try_from(written).ok()
    }

    /// Numbers that look random: xorshift, by Marsaglia.
    fn random(state: &mut u64) -> usize {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        (*state >> 11) as usize
    }

    /// A block of random sequences: offsets and lengths of all sizes, with literals that end it.
    fn random_block(state: &mut u64) -> (Vec<u8>, usize) {
        fn put(block: &mut Vec<u8>, length: usize) {
            if let Some(rest) = length.checked_sub(15) {
                block.extend(vec![255; rest / 255]);
                block.push((rest % 255) as u8);
            }
        }
        let (mut block, mut decoded) = (Vec::new(), 0);
        let sequences = random(state) % 40;
        for sequence in 0..=sequences {
            let most = [1, 14, 16, 20, 300][random(state) % 5];
            let last = sequence == sequences;
            let literals = random(state) % most + if last { 12 } else { usize::from(decoded == 0) };
            let more = [0, random(state) % 16, random(state) % 600][random(state) % 3];
            block.push((literals.min(15) << 4 | if last { 0 } else { more.min(15) }) as u8);
            put(&mut block, literals);
            block.extend((0..literals).map(|_| random(state) as u8));
            decoded += literals;
            if last {
                break;
            }
            let offset = (1 + random(state) % [1, 4, 17, 18, 19, 40, 60_000][random(state) % 7]).min(decoded);
            block.extend((offset as u16).to_le_bytes());
            put(&mut block, more);
            decoded += more + 4;
        }
        (block, decoded)
    }

    #[test]
    fn what_is_decoded_is_what_the_reference_library_decodes() {
        let mut state = 0x9e37_79b9_7f4a_7c15;
        let (mut sound, mut refused) = (0, 0);
        for _ in 0..4000 {
            let (mut block, length) = random_block(&mut state);
            let (mut ours, mut theirs) = (vec![0; length], vec![0; length]);
            assert_eq!(decompress(&block, &mut ours), Ok(length as u32));
            assert_eq!((reference(&block, &mut theirs), &theirs), (Some(length as u32), &ours));
            for _ in 0..random(&mut state) % 3 + 1 {
                let at = random(&mut state) % block.len();
                block[at] ^= 1 << (random(&mut state) % 8);
            }
            ours.resize(length + random(&mut state) % 40, 0);
            theirs.resize(ours.len(), 0);
            match decompress(&block, &mut ours) {
                Ok(written) => {
                    sound += 1;
                    assert_eq!(reference(&block, &mut theirs), Some(written));
                    assert_eq!(ours[..written as usize], theirs[..written as usize]);
                }
                Err(_) => refused += 1,
            }
        }
        assert!(sound > 1000 && refused > 400, "{sound} {refused}");
    }

    #[test]
    fn damage_never_panics() {
        let good = compressed(&(0..2000_u32).flat_map(u32::to_le_bytes).collect::<Vec<u8>>());
        let mut output = vec![0; 8000];
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut damaged = good.clone();
                damaged[at] ^= 1 << bit;
                let _ = decompress(&damaged, &mut output);
            }
            let _ = decompress(&good[..at], &mut output);
        }
    }
}
