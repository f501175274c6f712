-- The oldest unfinished delivery of its lane is marked, so that a claim need not look at what stands behind it

ALTER TABLE delivery ADD COLUMN head INTEGER NOT NULL DEFAULT 0;
UPDATE delivery SET head = 1 WHERE id IN
    (SELECT min(id) FROM delivery WHERE state IN ('waiting', 'sending') GROUP BY alert, channel, target);

DROP INDEX delivery_queue;
CREATE INDEX delivery_queue ON delivery (channel, target, priority, due, id) WHERE state = 'waiting' AND head = 1;

CREATE TRIGGER delivery_begins_its_lane AFTER INSERT ON delivery WHEN new.state = 'waiting' BEGIN
    UPDATE delivery SET head = 1 WHERE head = 0 AND id =
        (SELECT id FROM delivery WHERE alert = new.alert AND channel = new.channel AND target = new.target AND state = 'waiting'
         ORDER BY id LIMIT 1)
        AND NOT EXISTS (SELECT 1 FROM delivery WHERE alert = new.alert AND channel = new.channel AND target = new.target
                        AND state = 'sending');
END;
CREATE TRIGGER delivery_leads_its_lane AFTER UPDATE OF state ON delivery WHEN new.state <> old.state AND new.state <> 'sending' BEGIN
    UPDATE delivery SET head = 1 WHERE head = 0 AND id =
        (SELECT id FROM delivery WHERE alert = new.alert AND channel = new.channel AND target = new.target AND state = 'waiting'
         ORDER BY id LIMIT 1)
        AND NOT EXISTS (SELECT 1 FROM delivery WHERE alert = new.alert AND channel = new.channel AND target = new.target
                        AND state = 'sending');
END;
