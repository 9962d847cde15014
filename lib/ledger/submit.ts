/**
 * Submitting: all tasks land in one commit, or none. Their contents are written as they come, and
 * what stays in memory of each is its place.
 *
 * @module
 */
import { queuePath } from "../protocol/layout.ts";
import { InvalidInput } from "../protocol/problem.ts";
import { encodeRecord } from "../protocol/record.ts";
import type { Settings } from "../protocol/settings.ts";
import type { Task } from "../protocol/task.ts";
import { moveBranch } from "./branch.ts";
import { signedBy } from "./commit_order.ts";
import { findKnown } from "./known_ids.ts";
import type { Glance, Ledger } from "./ledger.ts";
import type { Change, CommitWriter, Oid } from "./store.ts";

/** A task as it goes into the queue. */
export interface NewTask extends Pick<Task, "task_id" | "priority"> {
  /** Its record, as `encodeRecord` writes it. */
  bytes: Uint8Array;
}

/** What has become of a submission. */
export interface Submitted {
  /** The commit on the branch. */
  commit: Oid;
  /** In the order in which they came. */
  task_ids: string[];
  /** The grid's settings as they were when it was made. */
  settings: Settings;
}

/**
 * Puts tasks into the queue. The view of the ledger stays as it was.
 *
 * @returns the commit on the branch
 * @throws {InvalidInput} when an id exists already, wherever the task is now
 */
export async function submitTasks(ledger: Ledger, tasks: Task[]): Promise<Oid> {
  const fresh = tasks.map((task) => ({ ...task, bytes: encodeRecord(task) }));
  const stream = async function* () {
    yield* fresh;
  };
  return (await submitStream(ledger, stream)).commit;
}

/**
 * Puts a stream of tasks into the queue. Where it throws, nothing has changed.
 *
 * @param tasksUnder the tasks, to be held to these settings
 * @throws {InvalidInput} when an id exists already, wherever the task is now; and what the stream throws
 */
export async function submitStream(
  ledger: Ledger,
  tasksUnder: (settings: Settings) => AsyncIterable<NewTask>,
): Promise<Submitted> {
  let seen = await ledger.glance();
  const places = new Map<string, string>();
  const commit = await moveBranch(ledger, {
    tip: () => seen.commit,
    look: async () => seen = await ledger.glance(),
    commitOn: async (parent, lost) => {
      if (lost !== undefined) {
        await refuseKnown(ledger, seen, places);
        return await commitAgain(ledger, places, lost, parent);
      }
      const tasks = tasksUnder(seen.settings);
      const first = await ledger.store.write((writer) =>
        commitStream({ ledger, writer, parent, places }, tasks)
      );
      await refuseKnown(ledger, seen, places);
      return first;
    },
  });
  return { commit: commit!, task_ids: [...places.keys()], settings: seen.settings };
}

interface Work {
  ledger: Ledger;
  writer: CommitWriter;
  parent: Oid | undefined;
  /** The path of each task, by its id; filled here. */
  places: Map<string, string>;
}

/** Writes each task when it comes, and then the commit that places them all. */
async function commitStream(
  { ledger, writer, parent, places }: Work,
  tasks: AsyncIterable<NewTask>,
): Promise<Oid> {
  const changes: Change[] = [];
  for await (const { task_id, priority, bytes } of tasks) {
    if (places.has(task_id)) {
      throw new InvalidInput(`submitting: task_id "${task_id}" stands twice`);
    }
    const path = queuePath(task_id, priority);
    places.set(task_id, path);
    changes.push({ path, blob: await writer.keep(bytes) });
  }
  return await writer.commit(signedBy(ledger.writer, subjectOf(places), changes, parent));
}

/** After a lost swap: the same files, out of the commit that nobody took. */
async function commitAgain(
  { store, writer }: Ledger,
  places: Map<string, string>,
  lost: Oid,
  parent: Oid | undefined,
): Promise<Oid> {
  const changes = [...places.values()].map((path) => ({ path, copyOf: { commit: lost, path } }));
  return await store.write((commits) =>
    commits.commit(signedBy(writer, subjectOf(places), changes, parent))
  );
}

function subjectOf(places: Map<string, string>): string {
  const [first] = places.keys();
  return places.size === 1 ? `submit ${first}` : `submit ${places.size} tasks`;
}

async function refuseKnown(
  ledger: Ledger,
  seen: Glance,
  places: Map<string, string>,
): Promise<void> {
  const known = await findKnown(ledger, seen, [...places.keys()]);
  if (known === undefined) return;
  const { task_id, where } = known;
  throw new InvalidInput(
    `submitting: task_id "${task_id}": exists already (${where}); choose another id`,
  );
}
