"""The click commands; each turns its arguments into a call of what does the work."""
