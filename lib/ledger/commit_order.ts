import type { Writer } from "./ledger.ts";
import type { Change, CommitOrder, Oid } from "./store.ts";

/** A commit in a writer's name, now. */
export function signedBy(
  { name, email, clock }: Writer,
  message: string,
  changes: Change[],
  parent?: Oid,
): CommitOrder {
  const time = Math.floor(clock.now().getTime() / 1000);
  return { parent, message, author: { name, email }, time, changes };
}
