"""Other programs' files as profiles and profiles as theirs, one module per format."""
