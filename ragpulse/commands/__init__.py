"""The command line: one verb per file, imported only when it is used."""
