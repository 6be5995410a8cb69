"""What things are: frozen values and rules. No I/O, no web, no SQL."""
