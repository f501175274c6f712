-- Entries come in the order of their chains, each with its canonical JSON up to what its place adds; the head of a chain is locked as
-- late as can be, and its entries are linked without another trip. What a digest is made of: gateway/journal/audit.py

CREATE FUNCTION append_to_audit(chains text[], times timestamptz[], actors text[], acts text[], bodies bytea[], beginnings text[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    entry record;
    head chain;
    following text;
BEGIN
    FOR entry IN SELECT * FROM unnest(chains, times, actors, acts, bodies, beginnings)
                 AS e (chain, at, actor, act, body, beginning) LOOP
        IF head.name IS DISTINCT FROM entry.chain THEN
            UPDATE chain SET number = head.number, digest = head.digest WHERE name = head.name;
            SELECT * INTO head FROM chain WHERE name = entry.chain FOR UPDATE;
            IF NOT FOUND THEN
                INSERT INTO chain (name) VALUES (entry.chain) ON CONFLICT DO NOTHING;
                SELECT * INTO head FROM chain WHERE name = entry.chain FOR UPDATE;
            END IF;
        END IF;
        following := format('%s,"number":%s,"previous":"%s"}', entry.beginning, head.number + 1, head.digest);
        INSERT INTO audit (chain, number, at, actor, act, body, previous, digest)
        VALUES (entry.chain, head.number + 1, entry.at, entry.actor, entry.act, entry.body, head.digest,
                encode(sha256(convert_to(following, 'UTF8')), 'hex'))
        RETURNING number, digest INTO head.number, head.digest;
    END LOOP;
    UPDATE chain SET number = head.number, digest = head.digest WHERE name = head.name;
END $$;

-- Whoever writes down an attempt has just moved its delivery, or found it
ALTER TABLE attempt DROP CONSTRAINT attempt_delivery_fkey;
