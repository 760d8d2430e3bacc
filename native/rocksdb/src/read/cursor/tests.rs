use super::{after_prefix, before_time};

#[test]
fn keys_after_a_prefix() {
    assert_eq!(after_prefix(b"a"), Some(b"b".to_vec()));
    assert_eq!(after_prefix(b"a\xff\xff"), Some(b"b".to_vec()));
    assert_eq!(after_prefix(b"\xff"), None);
    assert_eq!(after_prefix(b""), None);
}

#[test]
fn four_bytes_are_a_time_since_there_were_times_until_they_become_negative() {
    let is_time = |time: u32| before_time(&[b"value", &time.to_le_bytes()[..]].concat()) == Some(b"value");
    assert!([1_368_146_402, 0x7fff_ffff].into_iter().all(is_time));
    assert!(!([0, 1_368_146_401, 0x8000_0000, u32::MAX].into_iter().any(is_time)));
    assert_eq!((before_time(b"\x7f\x7f\x7f"), before_time(b"\x7f\x7f\x7f\x7f")), (None, Some(&b""[..])));
}
