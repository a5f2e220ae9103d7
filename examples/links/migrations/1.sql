CREATE TABLE link (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    url text NOT NULL,
    made timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX link_url ON link (url);
