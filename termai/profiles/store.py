"""Profiles on disk, all that other rooms need: read, save, rename, duplicate, remove."""

from termai.profiles.loading import (
    Listing,
    list_profiles,
    load_profile,
    shipped_profile,
    text_of,
)
from termai.profiles.moving import delete_profile, duplicate_profile, rename_profile
from termai.profiles.places import ChangedMeanwhileError, NameTakenError, check_free, user_path
from termai.profiles.saving import save_profile, save_text, text_to_save

__all__ = [
    "ChangedMeanwhileError",
    "Listing",
    "NameTakenError",
    "check_free",
    "delete_profile",
    "duplicate_profile",
    "list_profiles",
    "load_profile",
    "rename_profile",
    "save_profile",
    "save_text",
    "shipped_profile",
    "text_of",
    "text_to_save",
    "user_path",
]
