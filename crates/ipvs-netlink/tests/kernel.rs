//! Every command against a real kernel.
