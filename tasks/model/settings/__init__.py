"""The configuration's shape: one file a section."""
