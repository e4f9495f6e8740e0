//! Kernel parameters of a direct-routing cluster: read, plan, apply.
