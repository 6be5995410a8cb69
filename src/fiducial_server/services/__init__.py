"""What people do: each service takes an actor first, checks the rule, and changes rows and bytes in one transaction."""
