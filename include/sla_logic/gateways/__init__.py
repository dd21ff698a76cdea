"""How things leave and what is asked of others: mail, billing, the network."""
