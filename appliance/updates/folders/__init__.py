"""Updates by release folders, on a machine that is not Hutch's image. docs/decisions/0035-releases.md says why so."""
