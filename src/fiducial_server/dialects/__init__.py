"""How others speak to us: parse, call one service, render."""
