-- Where somebody who read the whole audit stood: so many entries have an id up to this one, for none is ever added in front of what
-- was read. Ids have gaps, so that a place cannot be reckoned.

CREATE TABLE audit_place (
    entries bigint PRIMARY KEY,
    id bigint NOT NULL
);
