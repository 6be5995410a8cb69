"""The composition root: settings, start-up, the server, workers, and the commands that run them."""
