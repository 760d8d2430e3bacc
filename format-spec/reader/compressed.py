"""A block's data, decoded. What LZ4 and zstd data decode to is checked by their lengths and headers before a decoder sees them.
[R…] are the requirements of ../README.md that a place meets."""
import lz4.block, zstandard
from strict_msgpack import DumpError, need

MIB = 1 << 20


def zstd_is_bounded(data, raw_length):
    """Whether a zstd frame is one that may be decoded, by its headers alone [R33]; RFC 8878, 3.1.1."""
    bits, single = data[4], data[4] & 0x20
    window, at = (raw_length, 5) if single else ((8 + (data[5] & 7)) << (7 + (data[5] >> 3)), 6)
    size = (1 if single else 0, 2, 4, 8)[bits >> 6]
    content = int.from_bytes(data[at:at + size], "little") + (256 if size == 2 else 0)
    if data[:4] != b"\x28\xb5\x2f\xfd" or bits & 0x0B or size == 0 or content != raw_length or window > max(8 * MIB, raw_length):
        return False
    largest, bound, at, last = min(window, 128 * 1024), 0, at + size, 0
    while not last:
        head = data[at] | data[at + 1] << 8 | data[at + 2] << 16
        last, kind, size = head & 1, head >> 1 & 3, head >> 3
        bound += largest if kind == 2 else size
        if kind == 3 or size > largest or bound > raw_length + max(raw_length, 16 * MIB):
            return False
        at += 3 + (1 if kind == 1 else size)
    return at + (4 if bits & 4 else 0) == len(data)


def lz4_length(data, at, length):
    """A length of which a token has the first four bits, and where it ends."""
    more = 255 if length == 15 else 0
    while more == 255:
        more, at = data[at], at + 1
        length += more
    return length, at


def lz4_is_sound(data, raw_length):
    """Whether an LZ4 block keeps the format's rules and decodes to so many bytes, by its lengths and offsets alone [R34] [R54]."""
    at, decoded, last_match = 0, 0, None
    while decoded <= raw_length <= 255 * (len(data) + 1):
        token = data[at]
        literals, at = lz4_length(data, at + 1, token >> 4)
        at, decoded = at + literals, decoded + literals
        if at >= len(data):
            ends_well = last_match is None or literals >= 5 and decoded - last_match >= 12
            return at == len(data) and decoded == raw_length and ends_well
        offset, last_match = data[at] | data[at + 1] << 8, decoded
        if not 1 <= offset <= decoded:
            return False
        length, at = lz4_length(data, at + 2, token & 15)
        decoded += length + 4
    return False


CODECS = ("none", "lz4", "zstd")  # by their ids


def unpack(codec, data, raw_length):
    """A block's raw bytes, bounded before anything is decoded [R32] [R33] [R34] [R54]."""
    try:
        if codec == 1 and lz4_is_sound(data, raw_length):
            data = lz4.block.decompress(data, uncompressed_size=raw_length)
        elif codec == 2 and zstd_is_bounded(data, raw_length):
            data = zstandard.ZstdDecompressor(max_window_size=1 << 31).decompress(data, max_output_size=raw_length)
    except (IndexError, ValueError, lz4.block.LZ4BlockError, zstandard.ZstdError) as error:
        raise DumpError("BLOCK_DAMAGED", f"the data does not decode: {error}") from error
    need(len(data) == raw_length, "BLOCK_DAMAGED", f"the data does not decode to {raw_length} bytes")
    return data
