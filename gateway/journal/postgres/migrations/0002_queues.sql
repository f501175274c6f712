-- Of each target and priority a queue of its own, so that a target that is left alone costs nothing however much waits for it

DROP INDEX delivery_due;
CREATE INDEX delivery_queue ON delivery (channel, target, priority, due, id) WHERE state = 'waiting';
