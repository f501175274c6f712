-- Entries come in the order of their chains, each with its canonical JSON up to what its place adds; the head of a chain is locked as
-- late as can be, and its entries are linked without another trip. What a digest is made of: gateway/journal/audit.py

CREATE FUNCTION append_to_audit(chains text[], times timestamptz[], actors text[], acts text[], bodies bytea[], beginnings text[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    entry record;
    ours text;
    place bigint;
    before text;
    places bigint[];
    befores text[];
    digests text[];
BEGIN
    FOR entry IN SELECT * FROM unnest(chains, beginnings) AS e (chain, beginning) LOOP
        IF ours IS DISTINCT FROM entry.chain THEN
            UPDATE chain SET number = place, digest = before WHERE name = ours;
            ours := entry.chain;
            SELECT number, digest INTO place, before FROM chain WHERE name = ours FOR UPDATE;
            IF NOT FOUND THEN
                INSERT INTO chain (name) VALUES (ours) ON CONFLICT DO NOTHING;
                SELECT number, digest INTO place, before FROM chain WHERE name = ours FOR UPDATE;
            END IF;
        END IF;
        place := place + 1;
        places := places || place;
        befores := befores || before;
        before := encode(sha256(convert_to(
            entry.beginning || ',"number":' || place || ',"previous":"' || before || '"}', 'UTF8')), 'hex');
        digests := digests || before;
    END LOOP;
    UPDATE chain SET number = place, digest = before WHERE name = ours;
    INSERT INTO audit (chain, number, at, actor, act, body, previous, digest)
    SELECT * FROM unnest(chains, places, times, actors, acts, bodies, befores, digests);
END $$;

-- Whoever writes down an attempt has just moved its delivery, or found it
ALTER TABLE attempt DROP CONSTRAINT attempt_delivery_fkey;
