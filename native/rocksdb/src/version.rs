//! Which RocksDB library is loaded, and whether the shim, compiled against some headers, fits it.

use std::ffi::{c_char, CStr};

use crate::error::{Fault, Outcome};
use crate::ffi;

/// First and last version, as (major, minor), between which all that shim.cc touches has the same layout.
const KNOWN_GOOD: ((u32, u32), (u32, u32)) = ((10, 4), (10, 10));
const OLDEST_MAJOR: u32 = 8;

/// Version of the loaded library, such as "10.10.1".
///
/// Errors: ADDON_MISSING when the library is too old or not one that the addon was built for.
pub fn library_version() -> Outcome<String> {
    let mut text = [0 as c_char; 64];
    let (mut major, mut minor, mut patch) = (0, 0, 0);
    // SAFETY: the buffer has the capacity that is told, the numbers are ours.
    unsafe { ffi::kgd_version(text.as_mut_ptr(), text.len(), &raw mut major, &raw mut minor, &raw mut patch) };
    // SAFETY: kgd_version ended the text with 0.
    let version = unsafe { CStr::from_ptr(text.as_ptr()) }.to_string_lossy().into_owned();
    let headers = (major as u32, minor as u32);
    if fits(&version, headers) {
        return Ok(version);
    }
    Err(Fault::new(
        "ADDON_MISSING",
        format!("the RocksDB library is version {version}, but the addon was built for {major}.{minor}.{patch}"),
    )
    .hint("run `npm run setup` in kgdump's folder"))
}

fn fits(version: &str, headers: (u32, u32)) -> bool {
    let mut numbers = version.split('.').map_while(|part| part.parse::<u32>().ok());
    let (Some(major), Some(minor)) = (numbers.next(), numbers.next()) else { return false };
    let known = |version: (u32, u32)| version >= KNOWN_GOOD.0 && version <= KNOWN_GOOD.1;
    major >= OLDEST_MAJOR && ((major, minor) == headers || (known((major, minor)) && known(headers)))
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn only_matching_or_known_versions_fit() {
        assert!(fits("10.10.1", (10, 4)));
        assert!(fits("9.1.0", (9, 1)));
        assert!(!fits("10.11.0", (10, 4)));
        assert!(!fits("9.1.0", (10, 4)));
        assert!(!fits("7.8.3", (7, 8)));
        assert!(!fits("", (10, 4)));
    }
}
