//! What was measured: median, minimum and maximum, and how they are written.

/// Figures of one kind, in any order; times in milliseconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Figures(Vec<f64>);

/// Writes one figure.
pub(super) type One = fn(f64) -> String;
/// Writes what one's figures are to another's.
pub(super) type Compare = fn(&Figures, &Figures) -> String;

impl Figures {
    pub(super) fn add(&mut self, value: f64) {
        let place = self.0.partition_point(|other| *other < value);
        self.0.insert(place, value);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn median(&self) -> Option<f64> {
        let middle = self.0.len() / 2;
        let upper = *self.0.get(middle)?;
        if self.0.len() % 2 == 1 {
            return Some(upper);
        }
        let lower = *self.0.get(middle.checked_sub(1)?)?;
        Some(f64::midpoint(lower, upper))
    }

    fn range(&self) -> Option<(f64, f64)> {
        Some((*self.0.first()?, *self.0.last()?))
    }

    /// "2.83 s (2.65 to 3.64 s)", "8.1 ms (7.2 to 9.0 ms)".
    pub(super) fn text(&self) -> String {
        self.written(milliseconds)
    }

    /// The same of figures that are no times: `one` writes one of them.
    pub(super) fn written(&self, one: impl Fn(f64) -> String) -> String {
        let (Some(median), Some((least, most))) = (self.median(), self.range()) else {
            return "never".to_owned();
        };
        format!("{} ({} to {})", one(median), one(least), one(most))
    }
}

/// Milliseconds as a person reads them.
pub(super) fn milliseconds(value: f64) -> String {
    let size = value.abs();
    if size >= 1000.0 {
        format!("{:.2} s", value / 1000.0)
    } else if size >= 100.0 {
        format!("{value:.0} ms")
    } else if size >= 10.0 {
        format!("{value:.1} ms")
    } else {
        format!("{value:.2} ms")
    }
}

/// "12×", of medians; nothing where one is missing or below what is measurable.
pub(super) fn ratio(of: &Figures, to: &Figures) -> String {
    let (Some(of), Some(to)) = (of.median(), to.median()) else {
        return "–".to_owned();
    };
    // A microsecond is noise of the time stamps.
    if to < 0.001 || of < 0.0 {
        return "–".to_owned();
    }
    let ratio = of / to;
    if ratio >= 10.0 {
        format!("{ratio:.0}×")
    } else if ratio >= 3.0 {
        format!("{ratio:.1}×")
    } else {
        format!("{ratio:.2}×")
    }
}

/// In place of a ratio that would say nothing: near zero, or told by another row.
pub(super) fn no_ratio(_of: &Figures, _to: &Figures) -> String {
    "–".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_lies_in_the_middle() {
        let mut figures = Figures::default();
        for value in [5.0, 1.0, 3.0] {
            figures.add(value);
        }
        assert_eq!(figures.median(), Some(3.0));
        figures.add(4.0);
        assert_eq!(figures.median(), Some(3.5));
        assert_eq!(figures.text(), "3.50 ms (1.00 ms to 5.00 ms)");
        assert_eq!(Figures::default().median(), None);
    }
}
