"""Bytes by key: immutable, named by their SHA-256, kept once however often they are referenced."""
