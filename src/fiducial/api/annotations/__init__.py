"""Calls around annotations, by what they are about."""
