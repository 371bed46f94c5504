"""Writes the reference pages of docs/ from the code that they describe: `make docs`."""
