/**
 * What a push has changed: read from the server's trees, by the checker's own eyes.
 *
 * @module
 */
import type { MemoryServer } from "../../../lib/ledger/memory_store.ts";
import type { Oid } from "../../../lib/ledger/store.ts";
import type { Moved } from "../world.ts";

/** A file that a push has changed. */
export interface FileChange {
  path: string;
  before?: Oid;
  after?: Oid;
}

/** The files that differ between what a ref named and what it names. */
export function changesIn(server: MemoryServer, { before, after }: Moved): FileChange[] {
  const old = filesOf(server, before);
  const now = filesOf(server, after);
  const changes: FileChange[] = [];
  for (const [path, blob] of now) {
    const was = old.get(path);
    if (was !== blob) changes.push({ path, before: was, after: blob });
  }
  for (const [path, blob] of old) {
    if (!now.has(path)) changes.push({ path, before: blob });
  }
  return changes;
}

const NO_FILES: ReadonlyMap<string, Oid> = new Map();

function filesOf(server: MemoryServer, commit: Oid | undefined): ReadonlyMap<string, Oid> {
  return commit === undefined ? NO_FILES : server.commits.get(commit)!.files;
}

/** The JSON of a file. */
export function jsonOf<T>(server: MemoryServer, blob: Oid): T {
  return JSON.parse(textOf(server, blob));
}

export function textOf(server: MemoryServer, blob: Oid): string {
  return new TextDecoder().decode(server.contents.get(blob)!);
}

/** The id in `folder/…/<id>.json`; undefined where the path is not below that folder. */
export function idIn(path: string, folder: string): string | undefined {
  return path.startsWith(`${folder}/`) && path.endsWith(".json")
    ? path.slice(path.lastIndexOf("/") + 1, -".json".length)
    : undefined;
}
