"""Checks of the machine: each returns what was found, a verdict, cause and fix."""
