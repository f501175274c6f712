-- What came is written once: bytes stand with their receipt (NULL: among the blobs, from an earlier release or from a copy), and an
-- incident names its newest report instead of holding it again

INSERT INTO report (source, id, episode, receipt, arrived, applied, closes, why, body)
    SELECT source, id, episode, NULL, arrived, 1, 0, '', report FROM incident i
    WHERE NOT EXISTS (SELECT 1 FROM report r
                      WHERE r.source = i.source AND r.id = i.id AND r.episode = i.episode AND r.applied = 1);

CREATE TABLE incident_now (
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    episode INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    open INTEGER NOT NULL,
    newest INTEGER NOT NULL REFERENCES report (position),
    arrived TEXT NOT NULL,
    alert TEXT REFERENCES alert (id),
    stopped TEXT,
    PRIMARY KEY (source, id, episode)
) STRICT, WITHOUT ROWID;
INSERT INTO incident_now
    SELECT source, id, episode, revision, open,
           (SELECT max(position) FROM report r
            WHERE r.source = i.source AND r.id = i.id AND r.episode = i.episode AND r.applied = 1),
           arrived, alert, stopped
    FROM incident i;
DROP TABLE incident;
ALTER TABLE incident_now RENAME TO incident;
CREATE INDEX incident_by_alert ON incident (alert) WHERE alert IS NOT NULL;

CREATE TABLE receipt_now (
    id TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    key TEXT,
    sha256 TEXT NOT NULL,
    media_type TEXT NOT NULL,
    headers TEXT NOT NULL,
    actor TEXT NOT NULL,
    received_at TEXT NOT NULL,
    items TEXT NOT NULL,
    body BLOB
) STRICT;
INSERT INTO receipt_now
    SELECT id, source, key, sha256, media_type, headers, actor, received_at, items, NULL FROM receipt ORDER BY id;
DROP TABLE receipt;
ALTER TABLE receipt_now RENAME TO receipt;
CREATE INDEX receipt_by_key ON receipt (source, key, received_at) WHERE key IS NOT NULL;
CREATE INDEX receipt_by_body ON receipt (source, sha256, received_at) WHERE key IS NULL;

-- What nobody has tried yet is not asked for by its subject

DROP INDEX todo_by_subject;
CREATE INDEX todo_by_subject ON todo (kind, subject, id) WHERE done = 1 OR failure <> '';
