-- Whoever settles the head of a lane says that it leads no more and what leads from then on; the trigger is for what else moves a
-- head, and for a node of an earlier release, which leaves its mark. Indexes that other indexes can stand in for cost each claim
-- and each settlement an entry.

DROP TRIGGER delivery_moved_on ON delivery;
CREATE TRIGGER delivery_moved_on AFTER UPDATE OF state ON delivery FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND (NEW.state = 'waiting' AND NOT NEW.head OR NEW.state NOT IN ('waiting', 'sending') AND NEW.head))
    EXECUTE FUNCTION delivery_leads_its_lane();

-- Lanes are found among the deliveries of their alert, and what is in flight is never much
DROP INDEX delivery_lane;
DROP INDEX delivery_lease;

-- Whoever appends to a chain holds its row already
ALTER TABLE audit DROP CONSTRAINT audit_chain_fkey;
