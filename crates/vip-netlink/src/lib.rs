//! Links, addresses and neighbours over rtnetlink.
