"""What people run: one process on a laptop, or many on PostgreSQL and S3. Imports point inward (see ARCHITECTURE.md)."""
