"""Launch profiles: options declared once, and the files that set them."""
