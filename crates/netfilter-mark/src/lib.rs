//! The mark that spares frames from other directors: iptables mangle rules with MAC exclusion.
