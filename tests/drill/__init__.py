"""Proof: drills, their controls, their evidence."""
