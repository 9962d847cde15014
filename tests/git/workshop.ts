/**
 * A server and a local copy of it, for tests of what speaks with Git.
 *
 * @module
 */
import { join } from "@std/path";
import { FastImport, type TreeChange } from "../../lib/git/fast_import.ts";
import { type LocalCopy, openLocalCopy } from "../../lib/git/local_copy.ts";
import { bareRepository, temporaryFolder } from "../support/git_server.ts";

export const REFSPECS = ["+refs/heads/main:refs/heads/main"];

/** A folder with a server and a local copy, which vanishes when its scope ends. */
export interface Workshop extends AsyncDisposable {
  folder: string;
  server: string;
  /** Let go at the end; a test that lets it go itself puts another here. */
  copy: LocalCopy;
}

/** What Git may see of our environment in tests: no settings of whoever runs them. */
export function hostOf(folder: string): Record<string, string> {
  return { PATH: Deno.env.get("PATH")!, HOME: folder };
}

export async function openWorkshop(): Promise<Workshop> {
  const { path: folder, [Symbol.asyncDispose]: remove } = await temporaryFolder();
  const server = await bareRepository(folder);
  const copy = await openLocalCopy(server, join(folder, "home"), REFSPECS, hostOf(folder));
  const shop: Workshop = {
    folder,
    server,
    copy,
    [Symbol.asyncDispose]: async () => {
      shop.copy.release();
      await remove();
    },
  };
  return shop;
}

/** Bytes of a text in UTF-8. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Makes one commit in a local copy. */
export async function commit(
  { offline }: LocalCopy,
  changes: TreeChange[],
  parent?: string,
): Promise<string> {
  const session = new FastImport(offline);
  try {
    const author = { name: "tester", email: "tester@example.com" };
    const oid = await session.commit({
      parent,
      message: "m",
      author,
      time: 1_700_000_000,
      changes,
    });
    await session.finish();
    return oid;
  } catch (error) {
    await session.abort();
    throw error;
  }
}

/** The answer of a Git command in a local copy, as text without the last line's end. */
export async function ask({ offline }: LocalCopy, ...args: string[]): Promise<string> {
  return new TextDecoder().decode(await offline.run("asking", args)).replace(/\n$/, "");
}
