/**
 * Where a repository on this machine keeps its refs, and which changes there are news.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { join } from "@std/path";
import type { RefNames } from "../protocol/layout.ts";

/** Git replaces a file by writing another and renaming it: only that the new one is there is news. */
const NEWS: readonly Deno.FsEvent["kind"][] = ["create", "modify", "rename"];

/**
 * The folder of a repository, where Git itself would find it.
 *
 * @param address a path or a `file://` URL
 * @throws {Deno.errors.NotFound} when there is none with loose refs
 */
export async function repositoryAt(address: string): Promise<string> {
  const path = address.startsWith("file://") ? fileURLToPath(address) : address;
  for (const folder of [join(path, ".git"), path, `${path}.git`]) {
    // Where links were followed already, the system's events have the same paths as we.
    const refs = await Deno.realPath(join(folder, "refs")).catch(() => undefined);
    if (refs !== undefined) return join(refs, "..");
  }
  throw new Deno.errors.NotFound(`there is no folder refs in ${path}`);
}

/**
 * Whether something happened to refs that are work for a worker.
 *
 * @param folder the repository's, as {@link repositoryAt} gives it
 */
export function isNews({ kind, paths }: Deno.FsEvent, folder: string, names: RefNames): boolean {
  if (!NEWS.includes(kind)) return false;
  return paths.some((path) => isWorthALook(path.slice(folder.length + 1), names));
}

/** Signs of life are not: each node gives one every few minutes, and nobody has to do anything. */
function isWorthALook(name: string, names: RefNames): boolean {
  return name === "packed-refs" || names.isFollowed(name) || isFolderOfRefs(name, names);
}

/** In a folder that is new, the ref itself came before anybody could watch for it. */
function isFolderOfRefs(name: string, names: RefNames): boolean {
  return names.followed.some((ref) => ref.startsWith(`${name}/`));
}
