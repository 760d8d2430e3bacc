//! Counts that need no order: how many have each label, and when they were made.
//!
//! Contract: bounded, whatever the values.

use std::collections::HashMap;

/// Labels that are told apart.
const MOST_LABELS: usize = 10_000;
/// Bytes of a label that are kept.
pub const LONGEST_LABEL: usize = 256;
/// A label that is not told apart has this bit, and a part of its hash.
const BEYOND: u32 = 1 << 31;

/// How many there are of each label.
#[derive(Default)]
pub struct Labels {
    numbers: HashMap<Box<[u8]>, u32>,
    pub counts: Vec<(Box<[u8]>, u64)>,
    /// Those whose label is not told apart.
    pub beyond: u64,
    /// Those without a label.
    pub without: u64,
}

/// No label.
pub const NONE: u32 = u32::MAX;

impl Labels {
    /// Counts one; the number of its label.
    pub fn add(&mut self, label: Option<&[u8]>) -> u32 {
        let Some(label) = label else {
            self.without += 1;
            return NONE;
        };
        let label = &label[..label.len().min(LONGEST_LABEL)];
        if let Some(&number) = self.numbers.get(label) {
            self.counts[number as usize].1 += 1;
            return number;
        }
        if self.counts.len() == MOST_LABELS {
            self.beyond += 1;
            let hash = xxhash_rust::xxh3::xxh3_64(label) as u32;
            return BEYOND | hash >> 2;
        }
        let number = self.counts.len() as u32;
        self.numbers.insert(label.into(), number);
        self.counts.push((label.into(), 1));
        number
    }

    /// The label of a number.
    pub fn get(&self, number: u32) -> Option<&[u8]> {
        self.counts.get(number as usize).map(|(label, _)| &label[..])
    }

    /// The most frequent first, then by their bytes.
    pub fn ordered(&self) -> Vec<&(Box<[u8]>, u64)> {
        let mut counts: Vec<_> = self.counts.iter().collect();
        counts.sort_by(|(a, many), (b, more)| more.cmp(many).then_with(|| a.cmp(b)));
        counts
    }
}

const DAY: f64 = 86_400.0;
/// The first day that is none of ours: the year 2262, to which nanoseconds reach.
const LAST_DAY: i64 = 106_751;

/// How many nodes and edges were made on each day.
#[derive(Default)]
pub struct Growth {
    /// By the day, since 1970; those behind the last one that has some are not there.
    pub days: Vec<[u64; 2]>,
    /// Nodes and edges without a time.
    pub without: [u64; 2],
}

impl Growth {
    /// Counts one. @param which 0 for a node, 1 for an edge
    pub fn add(&mut self, which: usize, day: Option<i32>) {
        match day {
            Some(day) => {
                let day = day as usize;
                if day >= self.days.len() {
                    self.days.resize(day + 1, [0; 2]);
                }
                self.days[day][which] += 1;
            }
            None => self.without[which] += 1,
        }
    }
}

/// The day, since 1970, of seconds, milliseconds, microseconds or nanoseconds since then: which of them is told by how many there are.
pub fn day_of_number(text: &[u8]) -> Option<i32> {
    let number: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    let seconds = match number {
        0.0..1e11 => number,
        1e11..1e14 => number / 1e3,
        1e14..1e17 => number / 1e6,
        1e17..1e19 => number / 1e9,
        _ => return None,
    };
    let day = (seconds / DAY).floor() as i64;
    (day < LAST_DAY).then_some(day as i32)
}

/// The day of a text: a number, or a date such as 2024-05-01, whatever follows it.
pub fn day_of_text(text: &[u8]) -> Option<i32> {
    if !text.is_empty() && text.iter().all(u8::is_ascii_digit) {
        return day_of_number(text);
    }
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, ..] = *text else { return None };
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0')))
    };
    let (year, month, day) = (number(&[y1, y2, y3, y4])?, number(&[m1, m2])?, number(&[d1, d2])?);
    let days = days_of(year, month, day);
    let is_date = (1..=12).contains(&month) && (1..=31).contains(&day) && date_of(days) == (year, month, day);
    (is_date && (0..LAST_DAY).contains(&days)).then_some(days as i32)
}

/// Days since 1970 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of days since 1970, likewise.
pub fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_their_day() {
        for text in
            ["1704067200", "1704067200.5", "1704067200000", "1704067200000000", "1704067200000000000", "1.7040672e9"]
        {
            assert_eq!(day_of_number(text.as_bytes()), Some(19_723), "{text}");
        }
        for text in ["2024-01-01", "2024-01-01T23:59:59Z", "1704067200"] {
            assert_eq!(day_of_text(text.as_bytes()), Some(19_723), "{text}");
        }
        for text in
            ["2024-02-30", "2024-13-01", "2024-00-10", "24-01-01", "", "soon", "1969-12-31", "9999-01-01", "2024-1-01"]
        {
            assert_eq!(day_of_text(text.as_bytes()), None, "{text}");
        }
        for text in ["-1", "1e30", "NaN", "99999999999999999999"] {
            assert_eq!(day_of_number(text.as_bytes()), None, "{text}");
        }
        for day in (0..106_000).step_by(13) {
            let (year, month, date) = date_of(day);
            assert_eq!(day_of_text(format!("{year:04}-{month:02}-{date:02}").as_bytes()), Some(day as i32));
        }
        assert_eq!(date_of(11_016), (2000, 2, 29));
    }

    #[test]
    fn labels_are_bounded() {
        let mut labels = Labels::default();
        for number in 0..20_000_u32 {
            labels.add(Some(&number.to_be_bytes()));
        }
        assert_eq!((labels.counts.len(), labels.beyond), (MOST_LABELS, 10_000));
        assert_eq!(labels.add(None), NONE);
        assert_eq!(labels.get(3), Some(&[0, 0, 0, 3][..]));
        assert_eq!(labels.get(NONE), None);
    }
}
