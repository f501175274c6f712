-- What could not be drafted is found by its newest failure, however many there were of the same incident

CREATE INDEX todo_not_drafted ON todo (subject, id) WHERE kind = 'draft' AND failure <> '';
DROP INDEX todo_failed;
