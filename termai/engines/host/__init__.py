"""The embedded engine's process: llama-cpp-python behind the OpenAI API.

The package's own server loads the model before it listens, takes its settings from the
environment, lets a new request end the one in flight and answers a failed stream with an empty
200. This one is written around the same ``Llama`` object, and does none of that.
"""
