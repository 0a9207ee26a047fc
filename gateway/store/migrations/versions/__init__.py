"""One file per revision of the schema, oldest first: a linear history that is only ever added to."""
