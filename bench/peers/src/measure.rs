//! The stop watch: runs a command and tells its time and its memory, as the system counted them (wait4).
//!
//! It is a program of its own, and a small one, because Linux counts into a program's peak what its parent had in memory
//! when it started it: started from Node, everything would take 50 MB at least.

use std::fs;
use std::io::Error;
use std::mem::MaybeUninit;
use std::process::Command;
use std::time::Instant;

use crate::Outcome;

/// Runs `command` with this program's standard streams and writes to the file `report`, as JSON: `seconds` from its start to
/// its end, `cpuSeconds` of user and system together, `peakBytes` of resident memory, and its exit `status` (128 and
/// the signal's number when it was killed). Returns that status.
///
/// # Errors
/// When it can't be started; those of writing the report.
pub fn measure(report: &str, command: &[&str]) -> Outcome<i32> {
    let [program, arguments @ ..] = command else { return Err("no command to measure".into()) };
    let started = Instant::now();
    let child = Command::new(program).args(arguments).spawn().map_err(|error| format!("{program}: {error}"))?;
    let (raw, usage) = wait(libc::pid_t::try_from(child.id())?)?;
    let seconds = started.elapsed().as_secs_f64();
    let status = if libc::WIFSIGNALED(raw) { 128 + libc::WTERMSIG(raw) } else { libc::WEXITSTATUS(raw) };
    let cpu = time(usage.ru_utime) + time(usage.ru_stime);
    // The unit of ru_maxrss: getrusage(2) of each system.
    let peak = usage.ru_maxrss * if cfg!(target_os = "macos") { 1 } else { 1024 };
    let json =
        format!("{{\"seconds\":{seconds:.6},\"cpuSeconds\":{cpu:.6},\"peakBytes\":{peak},\"status\":{status}}}\n");
    fs::write(report, json)?;
    Ok(status)
}

fn wait(pid: libc::pid_t) -> Outcome<(libc::c_int, libc::rusage)> {
    loop {
        let mut status = 0;
        let mut usage = MaybeUninit::<libc::rusage>::zeroed();
        // SAFETY: both pointers are valid for writes during the call.
        let ended = unsafe { libc::wait4(pid, &raw mut status, 0, usage.as_mut_ptr()) };
        if ended == pid {
            // SAFETY: it was zeroed, and wait4 has filled it.
            return Ok((status, unsafe { usage.assume_init() }));
        }
        let error = Error::last_os_error();
        if error.kind() != std::io::ErrorKind::Interrupted {
            return Err(error.into());
        }
    }
}

fn time(value: libc::timeval) -> f64 {
    value.tv_sec as f64 + value.tv_usec as f64 / 1e6
}
