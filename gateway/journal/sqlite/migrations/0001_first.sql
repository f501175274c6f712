-- Times of the story are text, UTC, microseconds (they sort); lease_until, due and until are seconds of the store's real clock.

CREATE TABLE blob (
    sha256 TEXT PRIMARY KEY,
    body BLOB NOT NULL
) STRICT;

-- Intake

CREATE TABLE receipt (
    id TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    key TEXT,
    sha256 TEXT NOT NULL REFERENCES blob,
    media_type TEXT NOT NULL,
    headers TEXT NOT NULL,
    actor TEXT NOT NULL,
    received_at TEXT NOT NULL,
    items TEXT NOT NULL
) STRICT;
CREATE INDEX receipt_by_key ON receipt (source, key, received_at) WHERE key IS NOT NULL;
CREATE INDEX receipt_by_body ON receipt (source, sha256, received_at) WHERE key IS NULL;

CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY,
    receipt TEXT NOT NULL REFERENCES receipt,
    item INTEGER NOT NULL,
    refusal TEXT NOT NULL,
    settled TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE incident (
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    episode INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    open INTEGER NOT NULL,
    report TEXT NOT NULL,
    arrived TEXT NOT NULL,
    alert TEXT REFERENCES alert (id),
    stopped TEXT,
    PRIMARY KEY (source, id, episode)
) STRICT;
CREATE INDEX incident_by_alert ON incident (alert);

CREATE TABLE report (
    position INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    episode INTEGER NOT NULL,
    receipt TEXT REFERENCES receipt,
    arrived TEXT NOT NULL,
    applied INTEGER NOT NULL,
    closes INTEGER NOT NULL,
    why TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX report_by_incident ON report (source, id, episode, position);

CREATE TABLE watch (
    key TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    state BLOB NOT NULL
) STRICT;

CREATE TABLE todo (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    body BLOB NOT NULL,
    since TEXT NOT NULL,
    due REAL NOT NULL DEFAULT 0,
    lease_until REAL NOT NULL DEFAULT 0,
    fence INTEGER NOT NULL DEFAULT 0,
    again INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0,
    failure TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX todo_unfinished ON todo (kind, subject) WHERE done = 0;
CREATE INDEX todo_by_subject ON todo (kind, subject, id);
CREATE INDEX todo_failed ON todo (id) WHERE failure <> '';

-- Alerts

CREATE TABLE serial (
    scope TEXT PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT;

CREATE TABLE alert (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    newest_issued INTEGER NOT NULL DEFAULT 0,
    live INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX alert_live ON alert (id) WHERE live = 1;

CREATE TABLE version (
    alert TEXT NOT NULL REFERENCES alert (id),
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    hash TEXT NOT NULL DEFAULT '',
    expires TEXT NOT NULL,
    issued_at TEXT,
    body TEXT NOT NULL,
    PRIMARY KEY (alert, number)
) STRICT;
CREATE UNIQUE INDEX version_open ON version (alert) WHERE state IN ('open', 'frozen');
CREATE INDEX version_issued ON version (kind, issued_at) WHERE state = 'issued';

CREATE TABLE act (
    position INTEGER PRIMARY KEY,
    alert TEXT NOT NULL REFERENCES alert (id),
    body TEXT NOT NULL
) STRICT;
CREATE INDEX act_by_alert ON act (alert, position);

CREATE TABLE frozen (
    alert TEXT NOT NULL,
    number INTEGER NOT NULL,
    way TEXT NOT NULL,
    channel TEXT NOT NULL,
    target TEXT NOT NULL,
    part TEXT NOT NULL,
    media_type TEXT NOT NULL,
    sha256 TEXT NOT NULL REFERENCES blob,
    PRIMARY KEY (alert, number, way, channel, target, part),
    FOREIGN KEY (alert, number) REFERENCES version (alert, number)
) STRICT;

CREATE TABLE issued (
    alert TEXT NOT NULL,
    number INTEGER NOT NULL,
    way TEXT NOT NULL,
    channel TEXT NOT NULL,
    target TEXT NOT NULL,
    part TEXT NOT NULL,
    media_type TEXT NOT NULL,
    sha256 TEXT NOT NULL REFERENCES blob,
    PRIMARY KEY (alert, number, way, channel, target, part),
    FOREIGN KEY (alert, number) REFERENCES version (alert, number)
) STRICT;

CREATE TABLE document (
    identifier TEXT PRIMARY KEY,
    alert TEXT NOT NULL,
    number INTEGER NOT NULL,
    issued_at TEXT NOT NULL,
    sha256 TEXT NOT NULL REFERENCES blob,
    FOREIGN KEY (alert, number) REFERENCES version (alert, number)
) STRICT;

CREATE TABLE publication (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL,
    at TEXT NOT NULL
) STRICT;
INSERT INTO publication VALUES (1, 0, '1970-01-01T00:00:00.000000Z');

-- Deliveries; role is tell, cancel or clear; reached and doubt sum up the attempts

CREATE TABLE delivery (
    id INTEGER PRIMARY KEY,
    alert TEXT NOT NULL,
    number INTEGER NOT NULL,
    channel TEXT NOT NULL,
    target TEXT NOT NULL,
    part TEXT NOT NULL,
    role TEXT NOT NULL,
    history TEXT NOT NULL,
    priority INTEGER NOT NULL,
    deadline TEXT NOT NULL,
    state TEXT NOT NULL,
    due REAL NOT NULL,
    claimed_at TEXT NOT NULL DEFAULT '',
    lease_until REAL NOT NULL DEFAULT 0,
    fence INTEGER NOT NULL DEFAULT 0,
    reached INTEGER NOT NULL DEFAULT 0,
    doubt INTEGER NOT NULL DEFAULT 0,
    UNIQUE (alert, number, channel, target, part),
    FOREIGN KEY (alert, number) REFERENCES version (alert, number)
) STRICT;
CREATE INDEX delivery_lane ON delivery (alert, channel, target, id);
CREATE INDEX delivery_lane_waiting ON delivery (alert, channel, target, id) WHERE state = 'waiting';
CREATE UNIQUE INDEX delivery_lane_in_flight ON delivery (alert, channel, target) WHERE state = 'sending';
CREATE INDEX delivery_due ON delivery (priority, due, id) WHERE state = 'waiting';
CREATE INDEX delivery_deadline ON delivery (deadline) WHERE state = 'waiting';
CREATE INDEX delivery_lease ON delivery (lease_until) WHERE state = 'sending';

CREATE TABLE attempt (
    position INTEGER PRIMARY KEY,
    delivery INTEGER NOT NULL REFERENCES delivery,
    fence INTEGER NOT NULL,
    at TEXT NOT NULL,
    verdict TEXT NOT NULL,
    note TEXT NOT NULL,
    evidence TEXT NOT NULL,
    late INTEGER NOT NULL
) STRICT;
CREATE INDEX attempt_by_delivery ON attempt (delivery, position);

-- People, leases, audit

CREATE TABLE person (
    name TEXT PRIMARY KEY,
    roles TEXT NOT NULL,
    password TEXT NOT NULL,
    disabled INTEGER NOT NULL
) STRICT;

CREATE TABLE key (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL,
    person TEXT,
    source TEXT,
    created_at TEXT NOT NULL,
    revoked INTEGER NOT NULL
) STRICT;
CREATE INDEX key_by_hash ON key (hash);

CREATE TABLE lease (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    until REAL NOT NULL,
    fence INTEGER NOT NULL
) STRICT;

CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    chain TEXT NOT NULL,
    number INTEGER NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    act TEXT NOT NULL,
    body BLOB NOT NULL,
    previous TEXT NOT NULL,
    digest TEXT NOT NULL,
    UNIQUE (chain, number)
) STRICT;
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'audit entries are never changed'); END;
CREATE TRIGGER audit_is_never_shortened BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'audit entries are never deleted'); END;

CREATE TABLE probe (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    times INTEGER NOT NULL
) STRICT;
INSERT INTO probe VALUES (1, 0);
