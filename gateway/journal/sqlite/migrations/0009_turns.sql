-- Only what led its lane, or begins to wait, can change what leads it. What is in flight is never much and needs no index of its
-- leases beside the one that keeps it to one a lane.

DROP TRIGGER delivery_leads_its_lane;
CREATE TRIGGER delivery_leads_its_lane AFTER UPDATE OF state ON delivery
    WHEN new.state <> old.state AND (new.state = 'waiting' AND new.head = 0 OR new.state NOT IN ('waiting', 'sending') AND new.head = 1)
BEGIN
    UPDATE delivery SET head = 1 WHERE head = 0 AND id =
        (SELECT id FROM delivery WHERE alert = new.alert AND channel = new.channel AND target = new.target AND state = 'waiting'
         ORDER BY id LIMIT 1)
        AND NOT EXISTS (SELECT 1 FROM delivery WHERE alert = new.alert AND channel = new.channel AND target = new.target
                        AND state = 'sending');
END;

DROP INDEX delivery_lease;
