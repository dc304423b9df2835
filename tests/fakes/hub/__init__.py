"""A hub on loopback: its API, its files on a second origin, and what can go wrong with them."""
