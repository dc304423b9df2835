"""Conversations with any server that speaks the OpenAI API."""
