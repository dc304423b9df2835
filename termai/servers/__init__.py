"""Engines run as jobs: started, adopted, watched, explained and stopped."""
