BEGIN;
SELECT pg_advisory_xact_lock(hashtext('pgregent_store'));
CREATE SCHEMA IF NOT EXISTS pgregent_store;
CREATE SEQUENCE IF NOT EXISTS pgregent_store.version;

-- A row is a key ('/...'), a lease (its id), or the one clock (''). A key goes with its lease, whatever ends it.
CREATE TABLE IF NOT EXISTS pgregent_store.entry (
  path    text COLLATE "C" PRIMARY KEY,
  value   bytea,
  version bigint NOT NULL DEFAULT nextval('pgregent_store.version'),
  lease   text COLLATE "C" REFERENCES pgregent_store.entry ON DELETE CASCADE,
  until   interval,    -- a lease: when it ends; the clock: what it shows
  seen    timestamptz  -- the clock: the server's time when it was last moved
);
INSERT INTO pgregent_store.entry (path, until, seen) VALUES ('', '0', clock_timestamp()) ON CONFLICT DO NOTHING;

-- Every call comes here first. It queues behind the others at the clock's row, so calls are judged one after the other, and
-- it moves the clock by what has passed since the last call, but never by more than a second: a server whose time is set
-- forward, or that was down, ends a lease early by that second at most. Then the leases that are over go, for good.
CREATE OR REPLACE FUNCTION pgregent_store.tick() RETURNS interval LANGUAGE plpgsql AS $$
DECLARE now interval;
BEGIN
  UPDATE entry SET until = until + least(greatest(clock_timestamp() - seen, '0'), '1 s'), seen = clock_timestamp()
    WHERE path = '' RETURNING until INTO now;
  DELETE FROM entry WHERE until <= now AND path <> '';
  IF FOUND THEN PERFORM pg_notify('pgregent_store', ''); END IF;
  RETURN now;
END $$;

-- Renews a lease, or ends it if no time is given. False: there is no such lease any more.
CREATE OR REPLACE FUNCTION pgregent_store.renew(id text, ttl interval) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE now interval := tick();
BEGIN
  IF ttl IS NOT NULL THEN
    UPDATE entry SET until = now + ttl WHERE path = id;
    RETURN FOUND;
  END IF;
  DELETE FROM entry WHERE path = id;
  IF FOUND THEN PERFORM pg_notify('pgregent_store', ''); END IF;
  RETURN false;
END $$;

-- Writes a key, or deletes it if no value is given, if it is as expected.
CREATE OR REPLACE FUNCTION pgregent_store.write(key text, val bytea, absent boolean, at bigint, holder text, hang text,
                                                OUT result text, OUT current bigint) LANGUAGE plpgsql AS $$
DECLARE old entry;
BEGIN
  PERFORM tick();
  SELECT * INTO old FROM entry WHERE path = key;
  current := old.version;
  IF hang IS NOT NULL AND NOT EXISTS (SELECT FROM entry WHERE path = hang) THEN
    result := 'lease gone';
  ELSIF absent AND old.path IS NOT NULL
     OR at IS NOT NULL AND old.version IS DISTINCT FROM at
     OR holder IS NOT NULL AND old.lease IS DISTINCT FROM holder THEN
    result := 'conflict';
  ELSE
    IF val IS NULL THEN
      DELETE FROM entry WHERE path = key;
      current := coalesce(current, nextval('version'));
    ELSE
      INSERT INTO entry (path, value, lease) VALUES (key, val, hang)
        ON CONFLICT (path) DO UPDATE SET value = val, lease = hang, version = excluded.version
        RETURNING version INTO current;
    END IF;
    PERFORM pg_notify('pgregent_store', key);
    result := 'written';
  END IF;
END $$;

COMMIT;
