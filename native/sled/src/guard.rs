//! Keeps sled's panics away from Node.
//!
//! Every call into sled runs on a thread of its own under `catch_unwind`; the caller waits for its answer. That has two
//! reasons. A panic becomes a typed failure. And when one of sled's own background threads panics, sled may wait for it
//! for ever (its log waits on a condition that nobody signals any more): then the caller stops waiting after a moment
//! and the stuck thread is left behind, which is why work owns all that it touches and never borrows from JavaScript.
//!
//! The panic hook of this library prints nothing: the message is kept for the failure instead. Sled's own log messages
//! (level warn and above) are kept too, since they say what it found wrong.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::fault::{Code, Doing, Outcome, SledFault};

/// How long a call may go on after one of sled's background threads has panicked.
const PATIENCE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(200);

static BACKGROUND_PANICS: AtomicU64 = AtomicU64::new(0);
static LAST_BACKGROUND_PANIC: Mutex<String> = Mutex::new(String::new());
static LAST_LOG: Mutex<String> = Mutex::new(String::new());

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    static LAST_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
    static ABOUT: RefCell<About> = RefCell::default();
}

/// The store that a call is about, once it is known: a panic does not say it.
type About = Arc<Mutex<Option<PathBuf>>>;

/// Says which store the call that runs on this thread is about.
pub fn about(path: &Path) {
    let about = ABOUT.with(|about| about.borrow().clone());
    about.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| path.to_path_buf());
}

/// How many background panics there had been when a store was opened: later ones are taken to be its own.
#[derive(Clone, Copy, Debug)]
pub struct Health(u64);

impl Health {
    /// The state of this moment.
    pub fn now() -> Health {
        install();
        Health(BACKGROUND_PANICS.load(Ordering::SeqCst))
    }

    /// A failure when a background thread of sled has panicked since.
    pub fn check(self) -> Outcome<()> {
        if BACKGROUND_PANICS.load(Ordering::SeqCst) == self.0 {
            return Ok(());
        }
        let message = LAST_BACKGROUND_PANIC.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Err(told(&message, Code::StoreFailed, "a background thread of sled failed"))
    }
}

/// Runs `work` on a thread of its own and waits for it.
///
/// A panic in it is a failure: STORE_DAMAGED when reading, STORE_FAILED when writing. So is a panic of one of sled's
/// background threads since `health` was taken, whether or not `work` ends by itself.
pub fn run<T, F>(health: Health, doing: Doing, work: F) -> Outcome<T>
where
    T: Send + 'static,
    F: FnOnce() -> Outcome<T> + Send + 'static,
{
    let about = About::default();
    let outcome = run_about(health, doing, work, about.clone());
    outcome.map_err(|fault| match about.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
        Some(path) => fault.at(path),
        None => fault,
    })
}

fn run_about<T, F>(health: Health, doing: Doing, work: F, about: About) -> Outcome<T>
where
    T: Send + 'static,
    F: FnOnce() -> Outcome<T> + Send + 'static,
{
    let (sender, receiver) = mpsc::sync_channel(1);
    let spawned = thread::Builder::new().name("kgdump-sled".to_string()).spawn(move || {
        ABOUT.with(|current| *current.borrow_mut() = about);
        let outcome = contain(doing, work);
        // The receiver is gone when the caller has lost patience: nobody wants the answer then.
        let _ = sender.send(outcome);
    });
    if let Err(error) = spawned {
        return Err(SledFault::io(&error, "starting a thread"));
    }
    let mut deadline = None;
    loop {
        match receiver.recv_timeout(POLL) {
            Ok(outcome) => {
                let value = outcome?;
                health.check()?;
                return Ok(value);
            }
            Err(RecvTimeoutError::Disconnected) => {
                return Err(SledFault::new(doing.unexpected(), "sled failed in a way that left no message"));
            }
            Err(RecvTimeoutError::Timeout) => {
                if let Err(fault) = health.check() {
                    let until = *deadline.get_or_insert_with(|| Instant::now() + PATIENCE);
                    if Instant::now() >= until {
                        return Err(fault);
                    }
                }
            }
        }
    }
}

/// Runs `work` on this thread, which does nothing else; a panic in it is a failure, as in `run`.
pub fn contain<T>(doing: Doing, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    GUARDED.set(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(work));
    outcome.unwrap_or_else(|payload| Err(panic_failure(payload, doing)))
}

/// Drops a value on a thread of its own and waits for at most `wait`: for a store that may never let go, and, with no wait,
/// for values that JavaScript's garbage collector lets go on the main thread.
pub fn drop_elsewhere<T: Send + 'static>(value: T, wait: Duration) {
    let (sender, receiver) = mpsc::sync_channel::<()>(1);
    let spawned = thread::Builder::new().name("kgdump-sled".to_string()).spawn(move || {
        GUARDED.set(true);
        let _ = panic::catch_unwind(AssertUnwindSafe(move || drop(value)));
        drop(sender);
    });
    if spawned.is_ok() && !wait.is_zero() {
        // Disconnected when the thread is done.
        let _ = receiver.recv_timeout(wait);
    }
}

fn panic_failure(payload: Box<dyn Any + Send>, doing: Doing) -> SledFault {
    // Dropping a payload may panic itself.
    std::mem::forget(payload);
    let message = LAST_PANIC.with(|last| last.take());
    let subject = match doing {
        Doing::Reading => "sled gave up on what it found in the store",
        Doing::Writing => "sled gave up while writing",
    };
    told(&message, doing.unexpected(), subject)
}

/// The failure that a panic's message tells of: when a call of the system failed, it is that one's.
fn told(message: &str, unexpected: Code, subject: &str) -> SledFault {
    match SledFault::of_system(message) {
        Some(fault) if fault.code != Code::IoFailed || unexpected == Code::StoreFailed => {
            SledFault { message: format!("{subject}: {}", fault.message), ..fault }
        }
        _ => SledFault::new(unexpected, format!("{subject}: {message}")),
    }
}

/// The last thing that sled logged at level warn or error, if it logged anything.
pub fn last_log() -> Option<String> {
    let text = LAST_LOG.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (!text.is_empty()).then_some(text)
}

/// Forgets what sled has logged so far.
pub fn forget_log() {
    LAST_LOG.lock().unwrap_or_else(PoisonError::into_inner).clear();
}

fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        panic::set_hook(Box::new(|info| {
            let text = describe(info);
            if GUARDED.try_with(Cell::get).unwrap_or(false) {
                let _ = LAST_PANIC.try_with(|last| last.replace(text));
            } else {
                *LAST_BACKGROUND_PANIC.lock().unwrap_or_else(PoisonError::into_inner) = text;
                BACKGROUND_PANICS.fetch_add(1, Ordering::SeqCst);
            }
        }));
        // Another logger may be there when this crate is linked into a program; then its messages stay with it.
        if log::set_logger(&KeepLast).is_ok() {
            log::set_max_level(log::LevelFilter::Warn);
        }
    });
}

fn describe(info: &panic::PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let text = payload
        .downcast_ref::<&str>()
        .map(|s| (*s).to_string())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    one_line(&text)
}

/// One line of at most 300 characters.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(300).collect()
}

struct KeepLast;

impl log::Log for KeepLast {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Warn
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            let text = one_line(&record.args().to_string());
            *LAST_LOG.lock().unwrap_or_else(PoisonError::into_inner) = text;
        }
    }

    fn flush(&self) {}
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;

    use super::*;

    #[test]
    fn a_panic_becomes_a_failure() {
        let health = Health::now();
        let fault = run::<(), _>(health, Doing::Reading, || panic!("page {} is\n gone", 7)).unwrap_err();
        assert_eq!(fault.code, Code::StoreDamaged);
        assert!(fault.message.ends_with("page 7 is gone"), "{}", fault.message);
        let fault = run::<(), _>(health, Doing::Writing, || panic!("no")).unwrap_err();
        assert_eq!(fault.code, Code::StoreFailed);
    }

    #[test]
    fn a_panic_at_a_failed_call_of_the_system_is_that_failure() {
        let health = Health::now();
        for (number, code) in [
            (28, Code::NoSpace),
            (122, Code::NoSpace),
            (27, Code::NoSpace),
            (13, Code::PermissionDenied),
            (30, Code::PermissionDenied),
            (5, Code::IoFailed),
        ] {
            let error = sled::Error::Io(std::io::Error::from_raw_os_error(number));
            for copies in 0..3 {
                let mut error = error.clone();
                for _ in 0..copies {
                    error = error.clone();
                }
                let fault = run::<(), _>(health, Doing::Writing, move || black_box(Err(error)).unwrap());
                let fault = fault.unwrap_err();
                assert_eq!(fault.code, code, "{}", fault.message);
                assert!(!fault.message.contains("unwrap"), "{}", fault.message);
            }
        }
    }

    #[test]
    fn values_come_back() {
        assert_eq!(run(Health::now(), Doing::Reading, || Ok(41 + 1)).unwrap(), 42);
    }
}
