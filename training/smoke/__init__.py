"""Trains the smoke model from the text in this folder and writes it as GGUF."""
