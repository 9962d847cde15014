/**
 * The wake-up of a grid whose repository is on this machine: a push moves files there, and the system
 * tells of it.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { Clock } from "../clock.ts";
import type { RefNames } from "../protocol/layout.ts";
import { CoalescedBell } from "./coalesced_bell.ts";
import { isNews, repositoryAt } from "./watched_refs.ts";

const log = getLogger(["dgrid", "wake"]);

/** A worker's shortest pause, too: under many pushes nobody looks more often. */
const RING_GAP_MS = 50;

export interface WatchOptions {
  /** The grid's refs; asked at each event, because the prefix is known only once the grid is read. */
  names(): RefNames;
  /** Called when one of them moved, at most every 50 ms. */
  ring(): void;
  clock: Clock;
}

/** Watches until it is disposed of. What keeps it from watching is logged; polling goes on. */
export class RepositoryWatch implements AsyncDisposable {
  readonly #watchers: Deno.FsWatcher[] = [];
  readonly #bell: CoalescedBell;
  #loops: Promise<void>[] = [];

  private constructor(private readonly options: WatchOptions) {
    this.#bell = new CoalescedBell(() => options.ring(), RING_GAP_MS, options.clock);
  }

  /** @param address a path or a `file://` URL */
  static async begin(address: string, options: WatchOptions): Promise<RepositoryWatch> {
    const watch = new RepositoryWatch(options);
    try {
      watch.#begin(await repositoryAt(address));
    } catch (error) {
      // No such folder, a file system without events, no watches left.
      watch.#stopWatching();
      log.debug("not watching {address}: {error}", { address, error });
    }
    return watch;
  }

  /** Whether it watches. */
  get isWatching(): boolean {
    return this.#watchers.length > 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#bell[Symbol.dispose]();
    this.#stopWatching();
    await Promise.all(this.#loops);
  }

  #begin(folder: string): void {
    this.#watchers.push(Deno.watchFs(`${folder}/refs`));
    // For packed-refs, which is replaced: who watches the file itself sees only the old one.
    this.#watchers.push(Deno.watchFs(folder, { recursive: false }));
    this.#loops = this.#watchers.map((watcher) => this.#follow(watcher, folder));
    log.debug("watching {folder}", { folder });
  }

  async #follow(watcher: Deno.FsWatcher, folder: string): Promise<void> {
    try {
      for await (const event of watcher) {
        // With a flag, the system has lost events.
        if (event.flag === "rescan" || isNews(event, folder, this.options.names())) this.#ring();
      }
    } catch (error) {
      log.debug("no longer watching {folder}: {error}", { folder, error });
    }
  }

  /** Once at once, and once after the gap: several refs of one push move one after the other. */
  #ring(): void {
    this.#bell.ring();
    this.#bell.ring();
  }

  #stopWatching(): void {
    for (const watcher of this.#watchers.splice(0)) watcher.close();
  }
}
