"""Calls around resources, by what they do."""
