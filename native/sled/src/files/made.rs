//! Segments of a log, made by hand for tests.

/// The beginning of a segment: its LSN, and up to where the log was known to be stable.
pub fn header(lsn: i64, stable: i64) -> Vec<u8> {
    let mut header = Vec::new();
    for number in [lsn, stable] {
        header.extend((number ^ i64::MAX).to_le_bytes());
    }
    [&(crc32fast::hash(&header) ^ u32::MAX).to_le_bytes()[..], &header].concat()
}

/// A message about a page, in a segment of that number: 8 bytes and the body. All numbers are below 241.
pub fn message_of(code: u8, number: u8, page: u8, body: &[u8]) -> Vec<u8> {
    let rest = [code, u8::try_from(body.len()).unwrap(), number, page];
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(body);
    hasher.update(&rest);
    [&(hasher.finalize() ^ u32::MAX).to_le_bytes()[..], &rest, body].concat()
}

/// A segment with these messages, and zeros behind them.
pub fn segment(size: usize, lsn: i64, messages: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = [header(lsn, 0), messages.concat()].concat();
    bytes.resize(size, 0);
    bytes
}

/// A snapshot file's content: up to where it knows the log, the offset of the log's last segment, and of each page from 0 on the LSNs and offsets of
/// its parts (none: it was given back). All numbers are below 240, or multiples of 256 below 2288.
pub fn snapshot(stable: i64, last: u64, pages: &[&[(i64, u64)]]) -> Vec<u8> {
    let number = |number: u64| {
        if number < 241 {
            vec![number as u8]
        } else {
            vec![(241 + (number - 240) / 256) as u8, ((number - 240) % 256) as u8]
        }
    };
    let mut content = (stable + 1).to_le_bytes().to_vec();
    content.extend(number(last + 1));
    for parts in pages {
        content.push(parts.len() as u8);
        for &(lsn, offset) in *parts {
            content.extend(lsn.to_le_bytes());
            content.push(0);
            content.extend(number(offset));
            content.push(9);
        }
    }
    let crc = crc32fast::hash(&content);
    let length = content.len() as u64;
    [&content[..], &length.to_le_bytes(), &crc.to_le_bytes()].concat()
}

/// A value file's content.
pub fn value_file(kind: u8, body: &[u8]) -> Vec<u8> {
    let sealed = [&[kind], body].concat();
    [&crc32fast::hash(&sealed).to_le_bytes()[..], &sealed].concat()
}
