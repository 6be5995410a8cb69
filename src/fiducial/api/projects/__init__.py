"""Calls around projects, by what they are about."""
