/**
 * Trees of the store in memory: files by their paths, and no folders of their own.
 *
 * @module
 */
import type { Oid, StoreEntry } from "./store.ts";

/** A tree by its files: path → content. */
export type Files = ReadonlyMap<string, Oid>;

/** The paths whose files are not the same. */
export function* differingPaths(before: Files, after: Files): Generator<string> {
  if (before === after) return;
  for (const [path, oid] of after) if (before.get(path) !== oid) yield path;
  for (const path of before.keys()) if (!after.has(path)) yield path;
}

export function fileAt(path: string, oid: Oid): StoreEntry {
  return { path, oid, kind: "file" };
}

/** Folders have no names of their own here. */
export function folderAt(path: string): StoreEntry {
  return { path, oid: "", kind: "folder" };
}

export function fileIn(files: Files, path: string): StoreEntry | undefined {
  const oid = files.get(path);
  return oid === undefined ? undefined : fileAt(path, oid);
}

export function folderIn(files: Files, path: string): StoreEntry | undefined {
  for (const file of files.keys()) if (file.startsWith(`${path}/`)) return folderAt(path);
  return undefined;
}

/**
 * Where a look below a folder finds a file: at its own path, or in the first folder on the way to it
 * that is not entered. Undefined where the file does not lie below the folder.
 */
export function placesBelow(
  folder: string,
  enter: (path: string) => boolean,
): (path: string) => string | undefined {
  const start = folder === "" ? "" : `${folder}/`;
  const entered = new Map<string, boolean>();
  return (path) => {
    if (!path.startsWith(start)) return undefined;
    for (let at = path.indexOf("/", start.length); at >= 0; at = path.indexOf("/", at + 1)) {
      const between = path.slice(0, at);
      if (!entered.has(between)) entered.set(between, enter(between));
      if (!entered.get(between)) return between;
    }
    return path;
  };
}
