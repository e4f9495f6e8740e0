//! One daemon that spreads reads over a primary and its replicas.

fn main() {}
