"""The declarations of all launch options, one module per group."""
