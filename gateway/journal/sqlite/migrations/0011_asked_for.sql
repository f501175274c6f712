-- What a person looks for is found among what may be meant, and not among all there ever was: deliveries that are dead, and incidents
-- that are open

CREATE INDEX delivery_dead ON delivery (alert) WHERE state IN ('refused', 'expired', 'unknown');
CREATE INDEX incident_open ON incident (source, id) WHERE open = 1;
