//! Raw sockets for VRRP, gratuitous ARP and unsolicited neighbour advertisements.
