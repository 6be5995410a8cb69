"""Documentation is tested: what it says is generated from the code, compiles, or is in the help of the commands."""
