import { gitErrorOf } from "../git/git_error.ts";
import type { OpenCopy } from "../git/open_copy.ts";
import type { Oid } from "./store.ts";

/** Whether a commit is in the history of another, as far as that is here. */
export async function isAncestorHere(
  { copy, objects }: OpenCopy,
  ancestor: Oid,
  commit: Oid,
): Promise<boolean> {
  if (commit === ancestor) return true;
  const [info] = await objects.info([ancestor]);
  if (info === undefined) return false;
  const result = await copy.git.try(["merge-base", "--is-ancestor", ancestor, commit]);
  if (result.code > 1) throw gitErrorOf(`comparing ${ancestor} with ${commit}`, result);
  return result.code === 0;
}
