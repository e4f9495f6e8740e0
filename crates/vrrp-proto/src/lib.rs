//! VRRP packets and election, pure: no clock, no sockets, no allocation.
