-- The oldest unfinished delivery of its lane is marked, so that a claim need not look at what stands behind it

ALTER TABLE delivery ADD COLUMN head boolean NOT NULL DEFAULT false;
UPDATE delivery SET head = true WHERE id IN
    (SELECT min(id) FROM delivery WHERE state IN ('waiting', 'sending') GROUP BY alert, channel, target);

DROP INDEX delivery_queue;
CREATE INDEX delivery_queue ON delivery (channel, target, priority, due, id) WHERE state = 'waiting' AND head;

CREATE FUNCTION delivery_leads_its_lane() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE delivery SET head = true WHERE NOT head AND id =
        (SELECT id FROM delivery WHERE alert = NEW.alert AND channel = NEW.channel AND target = NEW.target AND state = 'waiting'
         ORDER BY id LIMIT 1)
        AND NOT EXISTS (SELECT FROM delivery WHERE alert = NEW.alert AND channel = NEW.channel AND target = NEW.target
                        AND state = 'sending');
    RETURN NULL;
END $$;
CREATE TRIGGER delivery_is_new AFTER INSERT ON delivery FOR EACH ROW
    WHEN (NEW.state = 'waiting') EXECUTE FUNCTION delivery_leads_its_lane();
CREATE TRIGGER delivery_moved_on AFTER UPDATE OF state ON delivery FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND NEW.state <> 'sending') EXECUTE FUNCTION delivery_leads_its_lane();
