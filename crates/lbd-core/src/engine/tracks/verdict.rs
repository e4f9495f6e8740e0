//! Well or failed, by results in a row.

/// A verdict. The first result decides at once; after it, as many in a row as are asked for.
#[derive(Clone, Debug)]
pub(super) struct Verdict {
    fall: u32,
    rise: u32,
    well: Option<bool>,
    /// Results in a row that contradict it.
    against: u32,
}

impl Verdict {
    pub(super) fn new(fall: u32, rise: u32) -> Self {
        Self {
            fall,
            rise,
            well: None,
            against: 0,
        }
    }

    /// The same verdict, for which as many in a row count from now on.
    pub(super) fn reform(&mut self, other: &Self) {
        (self.fall, self.rise) = (other.fall, other.rise);
    }

    /// None until the first result.
    pub(super) fn well(&self) -> Option<bool> {
        self.well
    }

    /// Takes a result; true when the verdict is another one now.
    pub(super) fn judge(&mut self, well: bool) -> bool {
        let needed = match self.well {
            None => 1,
            Some(before) if before == well => {
                self.against = 0;
                return false;
            }
            Some(true) => self.fall,
            Some(false) => self.rise,
        };
        self.against = self.against.saturating_add(1);
        if self.against < needed {
            return false;
        }
        self.against = 0;
        self.well = Some(well);
        true
    }
}
