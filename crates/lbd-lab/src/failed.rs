//! Why a scenario failed, in words.

use std::fmt;

/// A failure: the sentence that a person reads.
pub struct Failed(String);

/// What the lab's functions give.
pub type Result<T = ()> = std::result::Result<T, Failed>;

impl Failed {
    /// A failure with this sentence.
    pub fn new(why: impl fmt::Display) -> Self {
        Self(why.to_string())
    }

    /// The same failure, saying first what was being done.
    #[must_use]
    pub fn while_doing(self, what: impl fmt::Display) -> Self {
        Self(format!("{what}: {}", self.0))
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// Fails the scenario with the sentence when the condition does not hold.
#[macro_export]
macro_rules! ensure {
    ($condition:expr, $($sentence:tt)+) => {
        if !$condition {
            return Err($crate::failed::Failed::new(format!($($sentence)+)));
        }
    };
}
