//! Health checks: pure verdicts, and the probes that feed them.
