/**
 * Where everything is kept in the repository (DESIGN.md section 2, Contract). No other module puts
 * a path or a ref name together.
 *
 * @module
 */
import { isNodeId, isTaskId, resultFolderOf, shardOf, SHARDS } from "./identity.ts";
import type { Status } from "./live_state.ts";
import { PRIORITIES, type Priority } from "./task.ts";

/** Everything about tasks on the branch. */
export const TASKS_FOLDER = "tasks";
/** Ready tasks. */
export const QUEUE_FOLDER = "tasks/queue";
/** Results, in a folder for each two hex digits. */
export const RESULT_FOLDERS: readonly string[] = ["tasks/completed", "tasks/failed"];

/** Where a task waits on the branch. */
export function queuePath(taskId: string, priority: Priority): string {
  return `${QUEUE_FOLDER}/${priority}/${shardOf(taskId)}/${taskId}.json`;
}

/** Where a task's result is kept on the branch. */
export function resultPath(taskId: string, status: Status): string {
  return resultPaths(taskId)[status === "success" ? 0 : 1];
}

/** Both places where a task's result can be. */
export function resultPaths(taskId: string): [completed: string, failed: string] {
  const place = `${resultFolderOf(taskId)}/${taskId}.json`;
  return [`tasks/completed/${place}`, `tasks/failed/${place}`];
}

/** Where a node is recorded on the branch. */
export function nodePath(nodeId: string): string {
  return `nodes/${nodeId}.json`;
}

/** The node that a path on the branch records, or undefined. */
export function nodeAt(path: string): string | undefined {
  const [, node] = /^nodes\/([^/]+)\.json$/.exec(path) ?? [];
  return node !== undefined && isNodeId(node) ? node : undefined;
}

/** What the path of a file in the queue says about the task in it. */
export interface QueuePlace {
  /** The file's name without `.json`; a valid id or undefined. */
  stem?: string;
  /** The priority and shard folders it lies in; undefined in the older flat layout. */
  folder?: { priority: Priority; shard: string };
}

/** Reads a path below `tasks/queue`. Undefined where no task belongs. */
export function parseQueuePath(path: string): QueuePlace | undefined {
  if (!path.startsWith(QUEUE_FOLDER + "/") || !path.endsWith(".json")) return undefined;
  // A name that was no UTF-8 cannot be written again, so no task could ever be taken out of there.
  if (path.includes("\ufffd")) return undefined;
  const parts = path.slice(QUEUE_FOLDER.length + 1, -".json".length).split("/");
  const name = parts.pop()!;
  const stem = isTaskId(name) ? name : undefined;
  if (parts.length === 0) return { stem };
  const [priority, shard] = parts;
  const known = parts.length === 2 && SHARDS.includes(shard) &&
    PRIORITIES.includes(priority as Priority);
  return known ? { stem, folder: { priority: priority as Priority, shard } } : undefined;
}

/** Whether a folder below the queue can hold tasks, or folders that can. */
export function isQueueFolder(path: string): boolean {
  const [priority, shard, ...rest] = path.slice(QUEUE_FOLDER.length + 1).split("/");
  return PRIORITIES.includes(priority as Priority) && rest.length === 0 &&
    (shard === undefined || SHARDS.includes(shard));
}

/** Whether a folder below `tasks/completed` or `tasks/failed` can hold results. */
export function isResultFolder(path: string): boolean {
  return /^tasks\/(completed|failed)\/[0-9a-f]{2}$/.test(path);
}

/** The task whose result stands at a path, or undefined. */
export function taskOfResult(path: string): string | undefined {
  const [, id] = /^tasks\/(?:completed|failed)\/[0-9a-f]{2}\/([^/]+)\.json$/.exec(path) ?? [];
  return id !== undefined && isTaskId(id) ? id : undefined;
}

/** The paths in the tree of a shard's tip. */
export const SHARD_PATHS = {
  settled: "settled",
  tasks: "tasks",
  specs: "specs",
  results: "results",
  task: (taskId: string): string => `tasks/${taskId}.json`,
  spec: (taskId: string): string => `specs/${taskId}.json`,
  result: (taskId: string): string => `results/${taskId}.json`,
} as const;

/** The path of the record in a node's commit. */
export const NODE_RECORD_PATH = "node.json";

/** Where the live edge is kept unless the settings say otherwise. */
export const DEFAULT_REF_PREFIX = "refs/dgrid";

/** What a prefix of the live edge's refs is, for messages: "must be …". */
export const REF_PREFIX_RULE =
  "refs/ and one or more names, as in refs/heads/dgrid, with a slash between them: " +
  "A-Z a-z 0-9 - _ . in each, no - or . at its start, no . or .lock at its end, no two dots in a " +
  "row, at most 100 characters together";

/** Git's rule for refs is wider (git-check-ref-format); what else it takes, a host may not. */
const REF_PREFIX = /^refs(\/(?!-|\.)(?![^/]*\.\.)(?![^/]*\.(lock)?(\/|$))[A-Za-z0-9._-]+)+$/;

/** Whether the live edge can be kept below a name. */
export function isRefPrefix(text: string): boolean {
  return text.length <= 100 && REF_PREFIX.test(text);
}

/** The names of the refs of one grid. */
export class RefNames {
  /** The branch of the settled ledger, in full. */
  readonly branch: string;

  /**
   * @param branch the branch's short name, such as `main`
   * @param prefix where the live edge is kept, such as `refs/dgrid`
   */
  constructor(branch = "main", readonly prefix = DEFAULT_REF_PREFIX) {
    this.branch = `refs/heads/${branch}`;
  }

  /** The names of the same grid with its live edge elsewhere. */
  under(prefix: string): RefNames {
    return new RefNames(this.branch.slice("refs/heads/".length), prefix);
  }

  /**
   * What is wrong with the prefix beside this branch, or undefined. Of two refs, neither can lie below
   * the other, and what lies below the prefix is the grid's own.
   */
  get clash(): string | undefined {
    const isClash = isWithin(this.branch, this.prefix) || isWithin(this.prefix, this.branch);
    return isClash ? `must not be ${this.branch}, lie above it or lie below it` : undefined;
  }

  shard(shard: string): string {
    return `${this.prefix}/live/${shard}`;
  }

  node(nodeId: string): string {
    return `${this.prefix}/nodes/${nodeId}`;
  }

  /** The ref that each push moves besides, where pushes are so few that they are taken in turn. */
  get turn(): string {
    return `${this.prefix}/turn`;
  }

  /**
   * A ref to try out what the host allows. It is no shard and no node, and nobody looks at it.
   *
   * @param trial a name that nobody else has at this time; a node id's rules hold for it
   */
  trial(trial: string): string {
    return `${this.prefix}/trials/${trial}`;
  }

  /** The shard that a ref holds, or undefined. */
  shardIn(ref: string): string | undefined {
    const shard = after(ref, `${this.prefix}/live/`);
    return shard !== undefined && SHARDS.includes(shard) ? shard : undefined;
  }

  /** The node that a ref holds, or undefined. */
  nodeIn(ref: string): string | undefined {
    const node = after(ref, `${this.prefix}/nodes/`);
    return node !== undefined && isNodeId(node) ? node : undefined;
  }

  /** Whether a ref belongs to the grid. */
  concerns(ref: string): boolean {
    return this.isFollowed(ref) || ref === this.turn || this.nodeIn(ref) !== undefined;
  }

  /** Whether a ref is the branch or a shard. Nodes are looked at, not followed. */
  isFollowed(ref: string): boolean {
    return ref === this.branch || this.shardIn(ref) !== undefined;
  }

  /** What to ask the server for: the branch and the whole live edge. */
  get patterns(): string[] {
    return [this.branch, `${this.prefix}/live/*`, `${this.prefix}/nodes/*`, this.turn];
  }

  /** The refs to follow locally. */
  get followed(): string[] {
    return [this.branch, `${this.prefix}/live/*`];
  }
}

function after(text: string, start: string): string | undefined {
  return text.startsWith(start) ? text.slice(start.length) : undefined;
}

/** Whether a name is another or lies below it. */
function isWithin(name: string, other: string): boolean {
  return `${name}/`.startsWith(`${other}/`);
}
