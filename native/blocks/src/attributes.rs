//! Extended attributes: access control lists, security labels, and what programs note about files.
//!
//! Contract: Linux only; elsewhere, and on file systems without them, nothing has any. What can't be read is left out: whoever may look at a file's
//! modes may read its lists and labels, too.

use napi::bindgen_prelude::Buffer;
use napi_derive::napi;

/// One attribute of a file.
#[napi(object)]
pub struct Attribute {
    pub name: String,
    pub value: Buffer,
}

/// The attributes at a path, links followed.
#[napi]
pub fn attributes_of(path: String) -> Vec<Attribute> {
    let all = system::names(&path).into_iter();
    all.filter_map(|name| Some(Attribute { value: system::value(&path, &name)?.into(), name })).collect()
}

/// Sets an attribute of an open file, or removes it when there is no value.
///
/// Returns 0, or the number of the system's error. An attribute that is to go and is not there is no error.
#[napi]
pub fn set_attribute(descriptor: i32, name: String, value: Option<Buffer>) -> i32 {
    match value {
        Some(value) => system::set(descriptor, &name, &value),
        None => system::remove(descriptor, &name),
    }
}

/// Whether the file system of something at a path keeps an attribute, whether or not it has it.
#[napi]
pub fn keeps_attribute(path: String, name: String) -> bool {
    system::keeps(&path, &name)
}

#[cfg(target_os = "linux")]
mod system {
    use std::ffi::CString;
    use std::io;

    /// Lists and values are no longer.
    const LONGEST: usize = 65_536;

    pub fn names(path: &str) -> Vec<String> {
        let Ok(path) = CString::new(path) else { return Vec::new() };
        // SAFETY: the path ends with a zero byte, and the buffer has as many bytes as are said.
        let list = filled(|buffer, room| unsafe { libc::listxattr(path.as_ptr(), buffer.cast(), room) });
        let list = list.unwrap_or_default();
        list.split(|&byte| byte == 0)
            .filter(|name| !name.is_empty())
            .filter_map(|name| String::from_utf8(name.to_vec()).ok())
            .collect()
    }

    pub fn value(path: &str, name: &str) -> Option<Vec<u8>> {
        let (path, name) = (CString::new(path).ok()?, CString::new(name).ok()?);
        // SAFETY: as above, and the name ends with a zero byte.
        filled(|buffer, room| unsafe { libc::getxattr(path.as_ptr(), name.as_ptr(), buffer.cast(), room) })
    }

    pub fn keeps(path: &str, name: &str) -> bool {
        value(path, name).is_some() || io::Error::last_os_error().raw_os_error() != Some(libc::ENOTSUP)
    }

    /// The bytes that a call writes to memory of some size.
    fn filled(call: impl FnOnce(*mut u8, usize) -> isize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; LONGEST];
        let length = usize::try_from(call(bytes.as_mut_ptr(), bytes.len())).ok()?;
        bytes.truncate(length);
        Some(bytes)
    }

    pub fn set(descriptor: i32, name: &str, value: &[u8]) -> i32 {
        let Ok(name) = CString::new(name) else { return libc::EINVAL };
        // SAFETY: the name ends with a zero byte, and the value has as many bytes as are said.
        failed(unsafe { libc::fsetxattr(descriptor, name.as_ptr(), value.as_ptr().cast(), value.len(), 0) })
    }

    pub fn remove(descriptor: i32, name: &str) -> i32 {
        let Ok(name) = CString::new(name) else { return libc::EINVAL };
        // SAFETY: the name ends with a zero byte.
        let failed = failed(unsafe { libc::fremovexattr(descriptor, name.as_ptr()) });
        if failed == libc::ENODATA { 0 } else { failed }
    }

    fn failed(outcome: libc::c_int) -> i32 {
        if outcome == 0 { 0 } else { io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO) }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    pub fn names(_path: &str) -> Vec<String> {
        Vec::new()
    }

    pub fn value(_path: &str, _name: &str) -> Option<Vec<u8>> {
        None
    }

    pub fn keeps(_path: &str, _name: &str) -> bool {
        false
    }

    pub fn set(_descriptor: i32, _name: &str, _value: &[u8]) -> i32 {
        libc::ENOTSUP
    }

    pub fn remove(_descriptor: i32, _name: &str) -> i32 {
        0
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;
    use std::os::fd::AsRawFd as _;

    use super::system;

    #[test]
    fn an_attribute_is_set_read_and_removed_and_may_be_gone_already() {
        let path = std::env::temp_dir().join(format!("kgdump-attributes-{}", std::process::id()));
        // A process of that number may have left one.
        let _ = fs::remove_file(&path);
        let file = fs::File::create(&path).unwrap();
        let (text, descriptor, name) = (path.to_str().unwrap(), file.as_raw_fd(), "user.kgdump");
        let set = |value: &[u8]| system::set(descriptor, name, value);
        let has = || system::names(text).iter().any(|one| one == name);
        assert!((system::value(text, name), has()) == (None, false));
        // Not every file system keeps notes.
        if set(b"value") != libc::ENOTSUP {
            assert!(system::keeps(text, name));
            for value in [&b"other"[..], b"", &[7; 1000]] {
                assert_eq!(set(value), 0);
                assert!((system::value(text, name).as_deref(), has()) == (Some(value), true), "{value:?}");
            }
            for _ in 0..2 {
                assert_eq!(system::remove(descriptor, name), 0);
                assert!((system::value(text, name), has()) == (None, false));
            }
        }
        assert_ne!(system::remove(-1, name), 0);
        assert_eq!(system::set(descriptor, "user.\0", b""), libc::EINVAL);
        fs::remove_file(path).unwrap();
    }
}
