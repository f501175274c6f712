-- Messages of other agencies; id names sender, identifier and time, so that follows may name one that never came

CREATE TABLE heard (
    id text PRIMARY KEY,
    source text NOT NULL,
    receipt text NOT NULL REFERENCES receipt,
    sha256 text NOT NULL REFERENCES blob,
    arrived timestamptz NOT NULL,
    sent timestamptz NOT NULL,
    kind text NOT NULL,
    status text NOT NULL,
    expires timestamptz NOT NULL,
    body text NOT NULL
);
CREATE INDEX heard_expires ON heard (expires);
CREATE INDEX heard_sent ON heard (sent);

CREATE TABLE follows (
    message text NOT NULL REFERENCES heard,
    earlier text NOT NULL,
    PRIMARY KEY (message, earlier)
);
CREATE INDEX follows_earlier ON follows (earlier);
