"""One verdict on the estate."""
