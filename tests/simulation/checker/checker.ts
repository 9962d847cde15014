/**
 * The judge of a run. It sees every change on the server and every start and end of a container, and
 * says at which one a promise of the protocol was broken.
 *
 * @module
 */
import type { Container, ContainerWatcher } from "../containers.ts";
import type { Life } from "../life.ts";
import type { Moved, Watcher, World } from "../world.ts";
import { checkBudget } from "./budget_rule.ts";
import { checkBranch } from "./branch_rules.ts";
import { changesIn, type FileChange } from "./changes.ts";
import { checkBeat } from "./name_rules.ts";
import { checkStart } from "./container_rules.ts";
import { checkShard } from "./shard_rules.ts";
import type { Story } from "./story.ts";
import { checkTrust } from "./trust.ts";

/** So many messages are on their way one after the other, where others are faster a few times. */
const MESSAGES = 20;

/** And some pushes wait for so many others, each of which is a look and the push itself. */
const TURNS = 20;
const TURN_MESSAGES = 2;
const MINUTE_MS = 60_000;

/** A push by what it has changed. */
export interface Push {
  by: Life;
  /** Changes on the branch; empty where it did not move. */
  branch: FileChange[];
  shards: { shard: string; moved: Moved; changes: FileChange[] }[];
}

export class Checker implements Watcher, ContainerWatcher {
  /** The processes of workers, dead ones too. */
  readonly lives: Life[] = [];
  readonly violations: string[] = [];
  readonly stories = new Map<string, Story>();
  /** Names that two work under because the first was away when the second asked. */
  readonly shared = new Set<string>();
  /** When the workers' last pushes were, newest first. */
  readonly pushes: number[] = [];
  /** The ids whose files in the queue are no tasks. */
  readonly broken = new Set<string>();

  constructor(readonly world: World) {}

  /** A promise was broken. */
  fail(how: string): void {
    this.world.tell("CHECKER", () => `VIOLATION: ${how}`);
    this.violations.push(how);
  }

  /**
   * A time limit of a good line; on a slow one, what takes some messages takes longer, and so it does
   * where each push has to wait for those of others.
   */
  inTime(ms: number): number {
    const { weather, pushBudget } = this.world;
    const turnMs = pushBudget && MINUTE_MS / pushBudget + TURN_MESSAGES * weather.slowestMs;
    const turnsMs = TURNS * (turnMs ?? 0);
    return ms + MESSAGES * weather.slowestMs + turnsMs;
  }

  count(what: string): void {
    this.world.weather.count(what);
  }

  noteMoved(moved: Moved[], by: Life): void {
    checkBudget(this, by);
    const { server, names } = this.world;
    const push: Push = { by, branch: [], shards: [] };
    for (const one of moved) {
      const shard = names.shardIn(one.ref);
      if (shard !== undefined) {
        this.#checkParent(one);
        push.shards.push({ shard, moved: one, changes: changesIn(server, one) });
      } else if (one.ref === names.branch) {
        this.#checkParent(one);
        push.branch = changesIn(server, one);
      } else if (one.ref !== names.turn) checkBeat(this, one, by);
    }
    for (const { shard, moved, changes } of push.shards) {
      checkShard(this, push, shard, moved, changes);
    }
    checkBranch(this, push);
  }

  noteStart(container: Container): void {
    checkStart(this, container);
  }

  noteEnd(container: Container): void {
    checkTrust(this, container);
  }

  /** Branch and shards only grow: nobody overwrites what it has not read. */
  #checkParent({ ref, before, after }: Moved): void {
    const commit = after === undefined ? undefined : this.world.server.commits.get(after);
    if (commit === undefined) this.fail(`${ref} was deleted`);
    else if (commit.parent !== before) this.fail(`${ref} was overwritten`);
  }

  story(task_id: string): Story {
    const known = this.stories.get(task_id);
    if (known !== undefined) return known;
    const isBroken = this.broken.has(task_id);
    const story: Story = { task_id, isBroken, retries: 0, former: new Set(), claims: [], runs: 1 };
    this.stories.set(task_id, story);
    return story;
  }

  /** Whether all that was submitted has come to its end. */
  get isQuiet(): boolean {
    for (const { queued, result, entry } of this.stories.values()) {
      if (queued !== undefined || result === undefined || entry !== undefined) return false;
    }
    return true;
  }
}
