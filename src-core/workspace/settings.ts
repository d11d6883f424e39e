/** @file Settings: JSON by key. */
import { fromJson, toJson } from './json.ts';
import type { Store } from './records.ts';

export function settingQueries({ database, write }: Store) {
  const one = database.prepare<[string], string>('SELECT value FROM setting WHERE key = ?').pluck();
  const put = database.prepare(
    `INSERT INTO setting (key, value) VALUES (?, ?)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
  );
  const remove = database.prepare('DELETE FROM setting WHERE key = ?');
  return {
    /** The value as it was stored, for the caller's schema to parse; undefined: not set. */
    get(key: string): unknown {
      const value = one.get(key);
      return value === undefined ? undefined : fromJson(value);
    },
    set: (key: string, value: unknown): void => write(() => void put.run(key, toJson(value))),
    remove: (key: string): void => write(() => void remove.run(key)),
  };
}
