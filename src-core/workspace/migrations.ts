/**
 * @file The schema as numbered steps. Step n (from 1) takes a database from `user_version` n − 1 to n, in a
 * transaction of its own. Steps are appended, never edited.
 *
 * Times are milliseconds since 1970. JSON columns are written and read by `json.ts`.
 */

/** "Inkl" in ASCII, in the file header: tells our databases from those of other programs. */
export const applicationId = 0x496e6b6c;

export const migrations: readonly string[] = [
  `
  CREATE TABLE setting (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL                     -- JSON
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE dataset (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    split_seed INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE class (
    id INTEGER PRIMARY KEY,
    dataset INTEGER NOT NULL REFERENCES dataset ON DELETE CASCADE,
    position INTEGER NOT NULL,              -- from 0, without gaps: the class index of labels
    name TEXT NOT NULL,
    UNIQUE (dataset, position),
    UNIQUE (dataset, name)
  ) STRICT;

  -- The bytes come last, so that reading the other columns does not walk through them.
  CREATE TABLE blob (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    encoding TEXT NOT NULL CHECK (encoding IN ('png', 'jpeg', 'gif', 'webp', 'tiff', 'bmp', 'raw')),
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    channels INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    bytes BLOB NOT NULL
  ) STRICT;

  -- The same picture under two names is two images; the same name with another content as well.
  CREATE TABLE image (
    id INTEGER PRIMARY KEY,
    dataset INTEGER NOT NULL REFERENCES dataset ON DELETE CASCADE,
    blob INTEGER NOT NULL REFERENCES blob,
    class INTEGER REFERENCES class,         -- the current label, as the events add up
    name TEXT NOT NULL,
    UNIQUE (dataset, name, blob)
  ) STRICT;
  CREATE INDEX image_by_class ON image (dataset, class);
  CREATE INDEX image_by_blob ON image (blob);

  CREATE TABLE split (
    image INTEGER PRIMARY KEY REFERENCES image ON DELETE CASCADE,
    part TEXT NOT NULL CHECK (part IN ('train', 'validation', 'test')),
    given INTEGER NOT NULL CHECK (given IN (0, 1))  -- 1: the source says so; 0: drawn by us
  ) STRICT;

  -- One act of labeling, of one image or of many: what undo takes back at once.
  CREATE TABLE label_batch (
    id INTEGER PRIMARY KEY,
    dataset INTEGER NOT NULL REFERENCES dataset ON DELETE CASCADE,
    origin TEXT NOT NULL CHECK (origin IN ('human', 'import', 'model')),
    at INTEGER NOT NULL,
    reverts INTEGER REFERENCES label_batch, -- set on an undo or redo: the batch it is about
    -- Of a human's edit: done, undone, or undone and out of reach because something newer was done; else null.
    state TEXT CHECK (state IN ('done', 'undone', 'dropped'))
  ) STRICT;
  CREATE INDEX label_batch_by_state ON label_batch (dataset, state, id) WHERE state IS NOT NULL;

  -- Append-only; the trigger below keeps it so.
  CREATE TABLE label_event (
    id INTEGER PRIMARY KEY,
    batch INTEGER NOT NULL REFERENCES label_batch ON DELETE CASCADE,
    image INTEGER NOT NULL REFERENCES image ON DELETE CASCADE,
    from_class INTEGER,
    to_class INTEGER
  ) STRICT;
  CREATE INDEX label_event_by_batch ON label_event (batch);
  CREATE INDEX label_event_by_image ON label_event (image);
  CREATE TRIGGER label_event_is_final BEFORE UPDATE ON label_event
  BEGIN SELECT raise(ABORT, 'label events are never changed'); END;

  -- At most one row, while an import is under way or after one crashed: blobs above this id that no image
  -- refers to belong to it.
  CREATE TABLE pending_import (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    blobs_before INTEGER NOT NULL
  ) STRICT;

  -- Content-addressed: the same frozen content is one row, whenever and from wherever it was frozen.
  CREATE TABLE snapshot (
    id INTEGER PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    dataset INTEGER REFERENCES dataset ON DELETE SET NULL,
    created_at INTEGER NOT NULL,
    classes TEXT NOT NULL,                  -- JSON: names in order
    channels INTEGER NOT NULL,
    height INTEGER NOT NULL,
    width INTEGER NOT NULL,
    resize TEXT NOT NULL
  ) STRICT;

  -- Samples packed in pieces of one part each, in order: hashes 32 bytes each, labels int32 little-endian.
  CREATE TABLE snapshot_item (
    snapshot INTEGER NOT NULL REFERENCES snapshot ON DELETE CASCADE,
    start INTEGER NOT NULL,                 -- the first sample's number in the snapshot
    part TEXT NOT NULL CHECK (part IN ('train', 'validation', 'test')),
    hashes BLOB NOT NULL,
    labels BLOB NOT NULL,
    PRIMARY KEY (snapshot, start)
  ) STRICT;

  CREATE TABLE run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,   -- shown as r1, r2, …; never used twice
    created_at INTEGER NOT NULL,
    started_at INTEGER,                     -- of the last start
    ended_at INTEGER,
    status TEXT NOT NULL CHECK (status IN
      ('queued', 'running', 'paused', 'interrupted', 'stopped', 'finished', 'failed')),
    process INTEGER,                        -- the trainer's process id, of the last start
    snapshot TEXT NOT NULL REFERENCES snapshot (hash),
    preset TEXT,
    spec TEXT NOT NULL,                     -- JSON
    options TEXT NOT NULL,                  -- JSON
    engine TEXT NOT NULL,
    device TEXT NOT NULL,
    versions TEXT NOT NULL,                 -- JSON: name to version
    seed INTEGER NOT NULL,
    result TEXT,                            -- JSON
    error_code TEXT,
    error_message TEXT,
    error_hint TEXT
  ) STRICT;

  -- A row of kind 'steps' holds a flush of consecutive steps: float32 little-endian, one series after another.
  -- A row of kind 'epoch' holds one epoch, which ended with step last_step, as JSON.
  CREATE TABLE metric (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('steps', 'epoch')),
    first_step INTEGER NOT NULL,
    last_step INTEGER NOT NULL,
    epoch INTEGER,
    content TEXT NOT NULL,                  -- JSON: names of the series, or the epoch's values
    series BLOB
  ) STRICT;
  CREATE INDEX metric_by_run ON metric (run, kind, first_step);

  CREATE TABLE checkpoint (
    run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('last', 'best')),
    step INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    file TEXT NOT NULL,                     -- relative to checkpoints/
    hash TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (run, kind)
  ) STRICT;

  -- All samples of one part of the run's snapshot, in its order: float32 little-endian [N, classes].
  CREATE TABLE prediction (
    run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    part TEXT NOT NULL CHECK (part IN ('train', 'validation', 'test')),
    probabilities BLOB NOT NULL,
    PRIMARY KEY (run, part)
  ) STRICT;

  CREATE TABLE export (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    format TEXT NOT NULL,
    files TEXT NOT NULL,                    -- JSON: paths
    verified TEXT NOT NULL                  -- JSON
  ) STRICT;
  CREATE INDEX export_by_run ON export (run);
  `,
  `
  ALTER TABLE image ADD COLUMN flagged INTEGER NOT NULL DEFAULT 0 CHECK (flagged IN (0, 1)); -- marked as unsure
  -- Who gave the current label, and when it last changed: what the events say, where a grid can sort by it.
  ALTER TABLE image ADD COLUMN origin TEXT CHECK (origin IN ('human', 'import', 'model'));
  ALTER TABLE image ADD COLUMN labeled_at INTEGER;
  CREATE INDEX image_flagged ON image (dataset) WHERE flagged = 1;
  UPDATE image SET (origin, labeled_at) = (
    SELECT origin, at FROM label_event JOIN label_batch ON label_batch.id = label_event.batch
    WHERE label_event.image = image.id ORDER BY label_event.id DESC LIMIT 1
  ) WHERE class IS NOT NULL;

  CREATE INDEX label_batch_by_dataset ON label_batch (dataset);

  -- Who had given the label that this event replaced: undo gives it back to them.
  ALTER TABLE label_event ADD COLUMN from_origin TEXT CHECK (from_origin IN ('human', 'import', 'model'));

  ALTER TABLE class ADD COLUMN color TEXT NOT NULL DEFAULT '#7f7f7f';  -- #rrggbb
  ALTER TABLE class ADD COLUMN key TEXT;                               -- null: the usual one
  CREATE UNIQUE INDEX class_by_key ON class (dataset, key) WHERE key IS NOT NULL;
  UPDATE class SET color = CASE position % 12
    WHEN 0 THEN '#3b6fd4' WHEN 1 THEN '#e0812b' WHEN 2 THEN '#2f9e5f' WHEN 3 THEN '#d1495b'
    WHEN 4 THEN '#8e5bd0' WHEN 5 THEN '#1fa3b5' WHEN 6 THEN '#c2a114' WHEN 7 THEN '#d45da8'
    WHEN 8 THEN '#7a8b2e' WHEN 9 THEN '#6b7f99' WHEN 10 THEN '#a0633d' ELSE '#4bb39c' END;

  -- Classes that are gone: label events still speak of them, so their ids are never used again.
  CREATE TABLE former_class (
    id INTEGER PRIMARY KEY,
    dataset INTEGER NOT NULL REFERENCES dataset ON DELETE CASCADE,
    name TEXT NOT NULL,
    heir INTEGER NOT NULL                    -- the class it was merged into; 0: it was removed
  ) STRICT;
  `,
  `
  ALTER TABLE run ADD COLUMN name TEXT;             -- what the user calls it; null: by its activation and seed
  ALTER TABLE run ADD COLUMN comparison TEXT;       -- runs that were started together have the same
  -- The run it repeats, and the parameters that one had then: no reference, because they outlive its removal.
  ALTER TABLE run ADD COLUMN repeats INTEGER;
  ALTER TABLE run ADD COLUMN repeats_hash TEXT;
  ALTER TABLE run ADD COLUMN place INTEGER;         -- in the queue: smaller ones first; gaps mean nothing
  -- Given more epochs, and no checkpoint says so yet.
  ALTER TABLE run ADD COLUMN extended INTEGER NOT NULL DEFAULT 0 CHECK (extended IN (0, 1));
  ALTER TABLE run ADD COLUMN progress TEXT;         -- JSON: the last and the best epoch, for lists
  `,
  `
  -- The run it follows, on a newer snapshot of the same dataset: no reference, because this outlives its removal.
  ALTER TABLE run ADD COLUMN follows INTEGER;
  -- Of parameters that it was given to start from: their epoch in that run, and their hash. Null: initial values.
  ALTER TABLE run ADD COLUMN start_epoch INTEGER;
  ALTER TABLE run ADD COLUMN start_hash TEXT;
  -- Of a run that came in a capsule: JSON of what it was called, and its times, where it was trained.
  ALTER TABLE run ADD COLUMN came_from TEXT;
  `,
  `
  -- Training images it was to use at most, for runs that repeat its plan. Null: all of them; runs that are older than
  -- this column do not say.
  ALTER TABLE run ADD COLUMN image_limit INTEGER CHECK (image_limit >= 1);
  `,
];
