"""The Datamint dialect: the REST interface that the published ``datamint`` clients (old and new) speak."""
