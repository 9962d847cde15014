/** One entry of a Git tree. */
export interface TreeEntry {
  /** `100644` or `100755` a file, `120000` a symbolic link, `040000` a tree, `160000` a submodule. */
  mode: string;
  name: string;
  oid: string;
}

/** Whether an entry is a plain file. */
export function isFile({ mode }: Pick<TreeEntry, "mode">): boolean {
  return mode === "100644" || mode === "100755";
}

/** Whether an entry is a folder. */
export function isFolder({ mode }: Pick<TreeEntry, "mode">): boolean {
  return mode === "040000";
}

/**
 * Reads the body of a tree object: for each entry its mode, a space, its name, a NUL and the bytes
 * of its object id (gitformat-pack, "tree objects").
 *
 * @param hashBytes 20 for SHA-1, 32 for SHA-256
 */
export function parseTree(body: Uint8Array, hashBytes: number): TreeEntry[] {
  const entries: TreeEntry[] = [];
  const decoder = new TextDecoder();
  for (let at = 0; at < body.length;) {
    const space = body.indexOf(32, at);
    const nul = body.indexOf(0, space);
    const end = nul + 1 + hashBytes;
    if (space < 0 || nul < 0 || end > body.length) throw new Error("reading a tree: it is cut off");
    entries.push({
      mode: decoder.decode(body.subarray(at, space)).padStart(6, "0"),
      name: decoder.decode(body.subarray(space + 1, nul)),
      oid: body.subarray(nul + 1, end).toHex(),
    });
    at = end;
  }
  return entries;
}
