"""``make run`` and its relatives: environments, database, training, and the processes."""
