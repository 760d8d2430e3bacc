//! What a store's LOG, the diary of RocksDB, tells of the last opening.
//!
//! Contract: pure. LOG is for people: whoever goes by it must be right without it, too.

/// The start and the list of an event that RocksDB writes at an opening that finds logs.
const EVENT: &str = "\"event\": \"recovery_started\"";
const LIST: &str = "\"wal_files\": [";

/// Numbers of the logs that were there at the last opening of which `text` tells; none when it tells of none.
pub fn logs_at_opening(text: &str) -> Vec<u64> {
    let Some(at) = text.rfind(EVENT) else { return Vec::new() };
    let line = text[at..].lines().next().unwrap_or_default();
    let list = line.split_once(LIST).and_then(|(_, rest)| rest.split_once(']'));
    list.map(|(numbers, _)| numbers.split(',').filter_map(|number| number.trim().parse().ok()).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_of_the_last_opening_are_told() {
        let line = |list: &str| {
            format!("2026/01/01-00:00:00.0 1 EVENT_LOG_v1 {{\"time_micros\": 1, \"job\": 1, \"event\": \"recovery_started\", \"wal_files\": [{list}]}}\n")
        };
        let text = format!("RocksDB version: 10\n{}more\n{}end", line("4, 8"), line("8, 12, 16"));
        assert_eq!(logs_at_opening(&text), [8, 12, 16]);
        assert_eq!(logs_at_opening(&line("")), []);
        assert_eq!(logs_at_opening("RocksDB version: 10\n"), []);
        let whole = line("8, 12");
        for end in 0..whole.len() {
            assert!(matches!(logs_at_opening(&whole[..end])[..], [] | [8, 12]), "{end}");
        }
    }
}
