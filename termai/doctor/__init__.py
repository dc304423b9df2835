"""Whether this machine can do what termai is for: the checks of all rooms, and the proof."""
