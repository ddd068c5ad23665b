"""Advisers: accounts, sign-in, the JSON interface of their console, audit."""
