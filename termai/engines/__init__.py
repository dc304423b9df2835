"""Inference engines: each found, and told a profile in its own words."""
