//! What looks into blocks, as a module of WebAssembly: for those who have no addon.
//!
//! Contract with JavaScript (`src/looking`, and nobody else): one thread. What a call is given stands at the place that `reserve` gave;
//! what it tells stands at `told` until the next call. A call that fails gives -1, or false, and tells a `Fault` as JSON; unless it was
//! JavaScript that failed, who knows more of it. Builders are numbers.

mod graph;
mod spill;
mod stats;
mod transfer;
