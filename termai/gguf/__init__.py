"""Facts from GGUF files: bytes in, facts out."""
