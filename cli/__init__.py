"""The command ``./tienviitta``: everything that an administrator does by hand."""
