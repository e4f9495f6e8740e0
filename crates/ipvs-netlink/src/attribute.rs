//! What a newer kernel says and this crate does not know.

/// A netlink attribute that this crate has no name for, kept as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownAttribute {
    /// The attribute's number within its nest, without the flags `NLA_F_*`.
    pub kind: u16,
    /// Its octets, without padding.
    pub payload: Vec<u8>,
}

impl UnknownAttribute {
    /// No more than this many are kept of one entry.
    pub const MAX_KEPT: usize = 32;
}
