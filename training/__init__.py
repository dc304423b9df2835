"""Scripts that make the models shipped with termai; not part of the installed package."""
