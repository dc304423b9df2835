"""Downloads of model files: jobs that outlive the terminal, resume at the byte and verify."""
