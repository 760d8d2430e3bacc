//! A panic of a thread that is not guarded counts for the whole process, so that this is one of its own.

use std::panic;
use std::thread;

use kgdump_sled::fault::{Code, Doing};
use kgdump_sled::guard::{Health, run};

#[test]
fn a_thread_of_sleds_that_panics_is_noticed_though_the_work_ends_well() {
    let before = Health::now();
    assert_eq!(run(before, Doing::Writing, || Ok(1)).unwrap(), 1);
    let fails = || thread::spawn(|| panic::panic_any("the flusher is gone")).join().is_err();
    let fault = run(before, Doing::Writing, move || Ok(fails())).unwrap_err();
    assert_eq!(fault.code, Code::StoreFailed);
    assert!(fault.message.starts_with("a background thread of sled failed"), "{}", fault.message);
    // A store that is opened later is not to blame.
    assert_eq!(run(Health::now(), Doing::Writing, || Ok(2)).unwrap(), 2);
    assert!(run(before, Doing::Reading, || Ok(3)).is_err());
}
