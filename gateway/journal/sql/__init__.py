"""What every SQL store of the record shares."""
