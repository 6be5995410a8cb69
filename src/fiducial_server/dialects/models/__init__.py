"""How MLflow clients speak to us: a guarded way to an MLflow server of our own, and artifacts in our storage."""
