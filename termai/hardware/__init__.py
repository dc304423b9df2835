"""Frozen snapshots of the host and its GPUs."""
