-- What a person looks for is found among what may be meant, and not among all there ever was: deliveries that are dead, and incidents
-- that are open. When an incident was reported last is in no index, or each report would cost an entry in all of them.

CREATE INDEX delivery_dead ON delivery (alert) WHERE state IN ('refused', 'expired', 'unknown');
CREATE INDEX episode_open ON episode (source, id) WHERE open;
