import { strictEqual } from "node:assert/strict";
import { join } from "@std/path";
import { systemClock } from "../../lib/clock.ts";
import { RefNames } from "../../lib/protocol/layout.ts";
import { RepositoryWatch } from "../../lib/wake/repository_watch.ts";
import { bareRepository, commitFiles, plainGit, temporaryFolder } from "../support/git_server.ts";

/** A repository with a branch, in a folder that vanishes with the test. */
class Place implements AsyncDisposable {
  private constructor(
    readonly folder: string,
    readonly url: string,
    private readonly remove: () => PromiseLike<void>,
  ) {}

  static async make(): Promise<Place> {
    const folder = await temporaryFolder();
    const url = await bareRepository(folder.path);
    await commitFiles(folder.path, url, { "dgrid.json": '{"version": 1}' });
    return new Place(folder.path, url, () => folder[Symbol.asyncDispose]());
  }

  watch(ring: () => void): Promise<RepositoryWatch> {
    const options = { names: () => new RefNames(), ring, clock: systemClock };
    return RepositoryWatch.begin(this.url, options);
  }

  /** Does something, and waits for a ring; what was before is not heard. */
  async rings(something: () => Promise<unknown>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    await using watch = await this.watch(resolve);
    strictEqual(watch.isWatching, true);
    await something();
    await promise;
  }

  /** Moves a ref to the branch's commit. */
  move(ref: string): Promise<string> {
    return plainGit(this.url, "update-ref", ref, "refs/heads/main");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.remove();
  }
}

Deno.test("RepositoryWatch rings when the branch moves by a push", async () => {
  await using place = await Place.make();
  await place.rings(() => commitFiles(place.folder, place.url, { a: "b" }));
});

Deno.test("RepositoryWatch rings for the first shard, for later ones, and when refs are packed", async () => {
  await using place = await Place.make();
  await place.rings(() => place.move("refs/dgrid/live/3"));
  await place.rings(() => place.move("refs/dgrid/live/4"));
  await place.rings(() => plainGit(place.url, "pack-refs", "--all"));
  await place.rings(() => place.move("refs/dgrid/live/4"));
});

Deno.test("RepositoryWatch rings a second time after the first shard's folder came", async () => {
  await using place = await Place.make();
  let rings = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  await using _watch = await place.watch(() => ++rings === 2 && resolve());
  await place.move("refs/dgrid/live/3");
  await promise;
});

Deno.test("RepositoryWatch does not ring for signs of life, nor for who looks", async () => {
  await using place = await Place.make();
  // The folders are there, so that they are no news.
  await place.move("refs/dgrid/live/0");
  await place.move("refs/dgrid/nodes/n0");
  const heard: string[] = [];
  let done = () => {};
  const over = new Promise<void>((resolve) => done = resolve);
  let isMoved = false;
  const ring = () => {
    heard.push(isMoved ? "the branch" : "something else");
    if (isMoved) done();
  };
  await using _watch = await place.watch(ring);
  await place.move("refs/dgrid/nodes/n1");
  await plainGit(place.folder, "ls-remote", place.url);
  await place.move("refs/heads/other");
  // What is told of these is told before what is told of this one.
  isMoved = true;
  await place.move("refs/dgrid/live/1");
  await over;
  strictEqual(heard[0], "the branch");
});

Deno.test("RepositoryWatch does not mind a repository that is not there", async () => {
  await using folder = await temporaryFolder();
  const options = { names: () => new RefNames(), ring: () => {}, clock: systemClock };
  await using watch = await RepositoryWatch.begin(join(folder.path, "none.git"), options);
  strictEqual(watch.isWatching, false);
});

Deno.test("RepositoryWatch ends well when the repository is removed", async () => {
  await using place = await Place.make();
  await using _watch = await place.watch(() => {});
  await Deno.remove(place.url, { recursive: true });
});
