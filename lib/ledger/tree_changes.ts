import type { TreeChange } from "../git/fast_import.ts";
import { GitError } from "../git/git_error.ts";
import type { ObjectReader } from "../git/object_reader.ts";
import type { Change, Oid } from "./store.ts";

/** Turns changes into what Git writes: a file is copied by its name in a folder that is here. */
export async function treeChanges(objects: ObjectReader, changes: Change[]): Promise<TreeChange[]> {
  const copies = changes.filter((change) => "copyOf" in change);
  const names = [...new Set(copies.map(({ copyOf }) => folderName(copyOf)))];
  const infos = await objects.info(names);
  const folders = new Map(names.map((name, index): [string, Oid] => {
    const oid = infos[index]?.oid;
    if (oid === undefined) throw new GitError(`reading ${name}: it is missing`, "damaged", 0);
    return [name, oid];
  }));
  return changes.map((change) => {
    if (!("copyOf" in change)) return change;
    const { path, copyOf } = change;
    const name = copyOf.path.slice(copyOf.path.lastIndexOf("/") + 1);
    return { path, folder: folders.get(folderName(copyOf))!, name };
  });
}

/** How Git finds the folder of a file: `<commit>:<folder>`. */
function folderName({ commit, path }: { commit: Oid; path: string }): string {
  return `${commit}:${path.slice(0, Math.max(path.lastIndexOf("/"), 0))}`;
}
