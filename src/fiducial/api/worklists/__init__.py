"""Calls around annotation worklists, by what they are about."""
