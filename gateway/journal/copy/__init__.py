"""Moving a whole record between stores: one description of what a record holds, a reader and a writer for each dialect."""
