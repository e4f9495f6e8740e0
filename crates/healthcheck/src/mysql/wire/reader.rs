//! Reads the protocol's kinds of values off a payload. `None` is one that the payload ends in.

/// What is left to read of a payload.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(payload: &'a [u8]) -> Self {
        Self(payload)
    }

    /// The next `count` octets.
    pub(super) fn octets(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*head)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// Text up to a NUL, which is read too.
    pub(super) fn until_nul(&mut self) -> Option<&'a [u8]> {
        let end = self.0.iter().position(|octet| *octet == 0)?;
        let text = self.octets(end)?;
        self.octets(1)?;
        Some(text)
    }

    /// A length-encoded integer: one octet up to 250; else 252, 253 or 254 before 2, 3 or 8 octets.
    pub(super) fn integer(&mut self) -> Option<u64> {
        match self.u8()? {
            small @ 0..=250 => Some(small.into()),
            252 => self.u16().map(u64::from),
            253 => {
                let [low, middle, high] = self.array()?;
                Some(u32::from_le_bytes([low, middle, high, 0]).into())
            }
            254 => self.array().map(u64::from_le_bytes),
            // 251 is NULL in a row, 255 an error: neither is a number.
            251 | 255 => None,
        }
    }

    /// Octets with a length-encoded integer before them.
    pub(super) fn string(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.integer()?).ok()?;
        self.octets(length)
    }

    /// The same, or NULL as inner `None`.
    pub(super) fn string_or_null(&mut self) -> Option<Option<&'a [u8]>> {
        const NULL: u8 = 0xfb;
        if self.0.first() == Some(&NULL) {
            self.octets(1)?;
            return Some(None);
        }
        self.string().map(Some)
    }

    pub(super) fn rest(self) -> &'a [u8] {
        self.0
    }
}
