"""Set-up and chores of the source checkout; nothing here is shipped."""
