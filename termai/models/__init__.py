"""Model files: what is on disk, what a hub offers, how they are downloaded."""
