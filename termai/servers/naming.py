"""Names for profiles and servers that are made from the name of a model."""

from termai.profiles.naming import free_name, is_profile, name_for

__all__ = ["free_name", "is_profile", "name_for"]
