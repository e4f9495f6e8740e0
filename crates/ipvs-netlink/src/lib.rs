//! IPVS over generic netlink: services, destinations, sync daemons.
