"""The process that watches a server which termai did not start."""
