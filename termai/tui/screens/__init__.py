"""One module per mode, each imported when its mode is first opened."""
