//! The project's chores: setup, test, demo, bench.

fn main() {}
