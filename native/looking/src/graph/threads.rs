//! Work on two threads.

/// Does two pieces of work, the first one on a thread of its own where that is worth it and there is one. WebAssembly has none.
pub fn beside<A: Send, B>(worth: bool, mut one: impl FnMut() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
    if !worth || cfg!(target_family = "wasm") {
        return (one(), other());
    }
    let mut done = None;
    let result = std::thread::scope(|scope| {
        let work = || done = Some(one());
        drop(std::thread::Builder::new().spawn_scoped(scope, work));
        other()
    });
    (done.unwrap_or_else(one), result)
}
