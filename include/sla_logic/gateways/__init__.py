"""Connections to other systems: mail, billing and the network."""
