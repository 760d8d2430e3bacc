//! Histograms in powers of two.

/// How many have 0, 1, 2 to 3, 4 to 7, … of something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Powers(pub Vec<u64>);

impl Powers {
    pub fn join(&mut self, Self(counts): &Self) {
        self.0.resize(self.0.len().max(counts.len()), 0);
        self.0.iter_mut().zip(counts).for_each(|(own, count)| *own += count);
    }

    pub fn add(&mut self, number: u64) {
        let place = (u64::BITS - number.leading_zeros()) as usize;
        if self.0.len() <= place {
            self.0.resize(place + 1, 0);
        }
        self.0[place] += 1;
    }
}
