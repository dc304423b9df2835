"""The command line: one module per noun, and a quick way in for what scripts call often."""
