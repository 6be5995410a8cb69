"""The steps from an empty database to the declared tables. A step never imports the tables: they move on, it stays."""
