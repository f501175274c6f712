-- Times of the story are timestamptz; lease_until, due and until are seconds of the database's own clock.
-- Names that are listed in order sort by their bytes, as they do in every other store of the record.
-- A number of an identity column is given out before its transaction commits; only within an alert or a chain, whose row is
-- locked, may its order be trusted.

CREATE TABLE blob (
    sha256 text PRIMARY KEY,
    body bytea NOT NULL
);

-- Intake; given holds the newest answer to a receipt key, or to bytes without one, and decides who came first

CREATE TABLE receipt (
    id text PRIMARY KEY,
    source text NOT NULL,
    key text,
    sha256 text NOT NULL REFERENCES blob,
    media_type text NOT NULL,
    headers text NOT NULL,
    actor text NOT NULL,
    received_at timestamptz NOT NULL,
    items text NOT NULL
);

CREATE TABLE given (
    source text NOT NULL,
    name text NOT NULL,
    receipt text NOT NULL REFERENCES receipt DEFERRABLE INITIALLY DEFERRED,
    sha256 text NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (source, name)
);

CREATE TABLE quarantine (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    receipt text NOT NULL REFERENCES receipt,
    item integer NOT NULL,
    refusal text NOT NULL,
    settled text NOT NULL DEFAULT ''
);
CREATE INDEX quarantine_waiting ON quarantine (id) WHERE settled = '';

-- Whoever places a report, or drafts, holds the incident's row

CREATE TABLE incident (
    source text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    revision bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (source, id)
);

CREATE TABLE report (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL,
    id text NOT NULL,
    episode integer NOT NULL,
    receipt text REFERENCES receipt,
    arrived timestamptz NOT NULL,
    applied boolean NOT NULL,
    closes boolean NOT NULL,
    why text NOT NULL,
    body text NOT NULL
);
CREATE INDEX report_by_incident ON report (source, id, episode, position);

CREATE TABLE watch (
    key text PRIMARY KEY,
    revision bigint NOT NULL,
    state bytea NOT NULL
);

CREATE TABLE todo (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    subject text NOT NULL,
    body bytea NOT NULL,
    since timestamptz NOT NULL,
    due double precision NOT NULL DEFAULT 0,
    lease_until double precision NOT NULL DEFAULT 0,
    holder text NOT NULL DEFAULT '',
    fence bigint NOT NULL DEFAULT 0,
    again boolean NOT NULL DEFAULT false,
    done boolean NOT NULL DEFAULT false,
    failure bytea NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX todo_unfinished ON todo (kind, subject) WHERE NOT done;
CREATE INDEX todo_in_order ON todo (kind, id) WHERE NOT done;
CREATE INDEX todo_by_subject ON todo (kind, subject, id);
CREATE INDEX todo_failed ON todo (id) WHERE failure <> '';

-- Alerts; whoever changes anything of an alert, its lanes and its audit chain included, holds the alert's row

CREATE TABLE serial (
    scope text PRIMARY KEY,
    last bigint NOT NULL
);

CREATE TABLE alert (
    position bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    id text COLLATE "C" PRIMARY KEY,
    revision bigint NOT NULL,
    created_at timestamptz NOT NULL,
    newest_issued integer NOT NULL DEFAULT 0,
    live boolean NOT NULL DEFAULT false
);
CREATE INDEX alert_live ON alert (id) WHERE live;

CREATE TABLE episode (
    source text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    number integer NOT NULL,
    open boolean NOT NULL DEFAULT true,
    report text NOT NULL,
    arrived timestamptz NOT NULL,
    alert text COLLATE "C" REFERENCES alert,
    stopped text,
    PRIMARY KEY (source, id, number),
    FOREIGN KEY (source, id) REFERENCES incident
);
CREATE INDEX episode_by_alert ON episode (alert);

CREATE TABLE version (
    alert text COLLATE "C" NOT NULL REFERENCES alert,
    number integer NOT NULL,
    kind text NOT NULL,
    status text NOT NULL,
    state text NOT NULL,
    hash text NOT NULL DEFAULT '',
    expires timestamptz NOT NULL,
    issued_at timestamptz,
    body text NOT NULL,
    PRIMARY KEY (alert, number)
);
CREATE UNIQUE INDEX version_open ON version (alert) WHERE state IN ('open', 'frozen');
CREATE INDEX version_issued ON version (kind, issued_at) WHERE state = 'issued';

CREATE TABLE act (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert text COLLATE "C" NOT NULL REFERENCES alert,
    body text NOT NULL
);
CREATE INDEX act_by_alert ON act (alert, position);

CREATE TABLE frozen (
    alert text COLLATE "C" NOT NULL,
    number integer NOT NULL,
    way text NOT NULL,
    channel text COLLATE "C" NOT NULL,
    target text COLLATE "C" NOT NULL,
    part text COLLATE "C" NOT NULL,
    media_type text NOT NULL,
    sha256 text NOT NULL REFERENCES blob,
    PRIMARY KEY (alert, number, way, channel, target, part),
    FOREIGN KEY (alert, number) REFERENCES version
);

CREATE TABLE issued (
    alert text COLLATE "C" NOT NULL,
    number integer NOT NULL,
    way text NOT NULL,
    channel text COLLATE "C" NOT NULL,
    target text COLLATE "C" NOT NULL,
    part text COLLATE "C" NOT NULL,
    media_type text NOT NULL,
    sha256 text NOT NULL REFERENCES blob,
    PRIMARY KEY (alert, number, way, channel, target, part),
    FOREIGN KEY (alert, number) REFERENCES version
);

CREATE TABLE document (
    identifier text PRIMARY KEY,
    alert text COLLATE "C" NOT NULL,
    number integer NOT NULL,
    issued_at timestamptz NOT NULL,
    sha256 text NOT NULL REFERENCES blob,
    FOREIGN KEY (alert, number) REFERENCES version
);

CREATE TABLE publication (
    id integer PRIMARY KEY CHECK (id = 1),
    revision bigint NOT NULL,
    at timestamptz NOT NULL
);
INSERT INTO publication VALUES (1, 0, '1970-01-01T00:00:00Z');

-- Deliveries; role is tell, cancel or clear; reached and doubt sum up the attempts

CREATE TABLE delivery (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert text COLLATE "C" NOT NULL,
    number integer NOT NULL,
    channel text NOT NULL,
    target text NOT NULL,
    part text NOT NULL,
    role text NOT NULL,
    history text NOT NULL,
    priority integer NOT NULL,
    deadline timestamptz NOT NULL,
    state text NOT NULL,
    due double precision NOT NULL,
    claimed_at timestamptz,
    lease_until double precision NOT NULL DEFAULT 0,
    holder text NOT NULL DEFAULT '',
    fence bigint NOT NULL DEFAULT 0,
    reached boolean NOT NULL DEFAULT false,
    doubt boolean NOT NULL DEFAULT false,
    UNIQUE (alert, number, channel, target, part),
    FOREIGN KEY (alert, number) REFERENCES version
);
CREATE INDEX delivery_lane ON delivery (alert, channel, target, id);
CREATE INDEX delivery_lane_waiting ON delivery (alert, channel, target, id) WHERE state = 'waiting';
CREATE UNIQUE INDEX delivery_lane_in_flight ON delivery (alert, channel, target) WHERE state = 'sending';
CREATE INDEX delivery_due ON delivery (priority, due, id) WHERE state = 'waiting';
CREATE INDEX delivery_deadline ON delivery (deadline) WHERE state = 'waiting';
CREATE INDEX delivery_lease ON delivery (lease_until) WHERE state = 'sending';

CREATE TABLE attempt (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery bigint NOT NULL REFERENCES delivery,
    fence bigint NOT NULL,
    at timestamptz NOT NULL,
    verdict text NOT NULL,
    told text NOT NULL,
    late boolean NOT NULL
);
CREATE INDEX attempt_by_delivery ON attempt (delivery, position);

-- People, leases, audit; chain holds the head of each chain, and whoever appends holds its row

CREATE TABLE person (
    name text COLLATE "C" PRIMARY KEY,
    roles text NOT NULL,
    password text NOT NULL,
    disabled boolean NOT NULL
);

CREATE TABLE key (
    id text COLLATE "C" PRIMARY KEY,
    hash text NOT NULL,
    person text,
    source text,
    created_at timestamptz NOT NULL,
    revoked boolean NOT NULL
);
CREATE INDEX key_by_hash ON key (hash);

CREATE TABLE lease (
    name text PRIMARY KEY,
    holder text NOT NULL,
    until double precision NOT NULL,
    fence bigint NOT NULL
);

CREATE TABLE chain (
    name text PRIMARY KEY,
    number bigint NOT NULL DEFAULT 0,
    digest text NOT NULL DEFAULT ''
);

CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    chain text NOT NULL REFERENCES chain,
    number bigint NOT NULL,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    act text NOT NULL,
    body bytea NOT NULL,
    previous text NOT NULL,
    digest text NOT NULL,
    UNIQUE (chain, number)
);
CREATE FUNCTION audit_is_for_ever() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit entries are never changed or deleted';
END $$;
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_for_ever();

CREATE TABLE probe (
    id integer PRIMARY KEY CHECK (id = 1),
    times bigint NOT NULL
);
INSERT INTO probe VALUES (1, 0);
