"""Handing a talk over to a person: states, queue, opening hours, the signed webhook."""
