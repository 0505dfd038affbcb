import { parse, type TomlTable, type TomlValue } from 'smol-toml';
import type { Json, JsonObject } from '../../json.ts';

/**
 * The `Cargo.toml` that cargo made for an archive: inheritance is resolved, paths are gone. Read with integers as
 * numbers; a date becomes its text.
 */
export function parseCrateManifest(text: string): JsonObject {
  return jsonOf(parse(text)) as JsonObject;
}

function jsonOf(value: TomlValue): Json {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(jsonOf);
  if (typeof value === 'object') return tableOf(value);
  return typeof value === 'bigint' ? Number(value) : value;
}

function tableOf(table: TomlTable): JsonObject {
  return Object.fromEntries(Object.entries(table).map(([key, value]) => [key, jsonOf(value)]));
}
