"""Detached processes that outlive the terminal."""
