import type { Saying } from "../../lib/ledger/draft.ts";
import type { Shelf } from "../../lib/worker/shelf.ts";

/** A shelf that lasts as long as the test keeps it. */
export class MemoryShelf implements Shelf {
  readonly kept = new Set<Saying>();

  load(): Promise<Saying[]> {
    return Promise.resolve([...this.kept]);
  }

  keep(sayings: Saying[]): Promise<void> {
    for (const saying of sayings) this.kept.add(saying);
    return Promise.resolve();
  }

  drop(sayings: Saying[]): Promise<void> {
    for (const saying of sayings) this.kept.delete(saying);
    return Promise.resolve();
  }
}
