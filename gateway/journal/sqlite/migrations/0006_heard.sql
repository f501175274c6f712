-- Messages of other agencies; id names sender, identifier and time, so that follows may name one that never came

CREATE TABLE heard (
    id TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    receipt TEXT NOT NULL REFERENCES receipt,
    sha256 TEXT NOT NULL REFERENCES blob,
    arrived TEXT NOT NULL,
    sent TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    expires TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX heard_expires ON heard (expires);
CREATE INDEX heard_sent ON heard (sent);

CREATE TABLE follows (
    message TEXT NOT NULL REFERENCES heard,
    earlier TEXT NOT NULL,
    PRIMARY KEY (message, earlier)
) STRICT;
CREATE INDEX follows_earlier ON follows (earlier);
