//! The pure heart of lbd: configuration, engine, desired state and the ordered plan.
