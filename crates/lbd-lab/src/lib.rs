//! Whole clusters on a real kernel, for tests and the demo.
