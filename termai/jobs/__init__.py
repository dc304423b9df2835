"""Detached processes that outlive the terminal: runner, state file, bounded log, adoption."""
