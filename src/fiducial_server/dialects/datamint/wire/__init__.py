"""Renderers: values of the model as this dialect writes them. One noun per file; nothing here reads anything."""
