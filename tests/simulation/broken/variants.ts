/**
 * The protocol with one rule taken out at a time. The simulation must find out each of them; one that
 * it does not is a hole in the simulation.
 *
 * @module
 */

/** A change of the program's text that takes out one rule. */
export interface Variant {
  name: string;
  /** The rule, as the rest of a sentence that begins "without the rule that". */
  rule: string;
  /** The module, from the repository's root. */
  file: string;
  /** What stands there, exactly once. */
  find: string;
  replace: string;
}

/** Rules about what may be written. */
const WRITING: readonly Variant[] = [
  {
    name: "behind-the-mark",
    rule: "nobody claims whose view of the branch does not reach the shard's settled mark",
    file: "lib/ledger/draft.ts",
    find: "const mayClaim = !own.some(startsFresh) || await ledger.reachesSettledMark(shard);",
    replace: "const mayClaim = true;",
  },
  {
    name: "passed-marks-kept",
    rule: "a mark that was reached is looked for again when the view of the branch changes",
    file: "lib/ledger/settled_marks.ts",
    find: "this.#passed.clear();",
    replace: "",
  },
  {
    name: "not-in-queue",
    rule: "only what is in the queue can be begun",
    file: "lib/ledger/draft.ts",
    find: "if (mayClaim && file !== undefined && file.blob === saying.spec) return undefined;",
    replace: "if (mayClaim) return undefined;",
  },
  {
    name: "cancel-unasked",
    rule: "who cancels what has no entry must have seen what is settled, too",
    file: "lib/ledger/draft.ts",
    find: ` || event.kind === "cancel";`,
    replace: ";",
  },
  {
    name: "swap-unseen",
    rule: "a ref is only moved from where the writer has seen it",
    file: "lib/ledger/memory_store.ts",
    find: "refs.get(ref) === expected || refs.get(ref) === next;",
    replace: "[expected, next].length > 0 && ref !== undefined;",
  },
  {
    name: "not-applied-again",
    rule: "after a lost swap the events are applied to the new tip",
    file: "lib/ledger/draft.ts",
    find: "const draft = await draftShard(ledger, shard, own, mayClaim, heard);",
    replace: `const kept = own[0] as unknown as { draft?: Draft };
    kept.draft ??= await draftShard(ledger, shard, own, mayClaim, heard);
    const draft = { ...kept.draft, before: ledger.shard(shard) };`,
  },
  {
    name: "settle-in-two-pushes",
    rule: "settling moves the branch and the shards, or neither",
    file: "lib/ledger/settle.ts",
    find: "swapRefs(ledger, changes, { atomic: true })",
    replace: "swapRefs(ledger, changes, { atomic: false })",
  },
  {
    name: "push-out-of-turn",
    rule: "where pushes are few, each takes the turn",
    file: "lib/ledger/swap_refs.ts",
    find: "if (!gate.takesTurn) return",
    replace: "if (gate !== undefined) return",
  },
  {
    name: "settle-without-mark",
    rule: "a settlement leaves its mark on the shard",
    file: "lib/ledger/settle.ts",
    find: "[...gone, mark]",
    replace: "mark === undefined ? [] : gone",
  },
];

/** Rules about who may say what. */
const AUTHORITY: readonly Variant[] = [
  {
    name: "no-owner-check",
    rule: "only the owner may end an attempt",
    file: "lib/protocol/transition.ts",
    find: `const isOwner = state.status !== "retrying" && state.node_id === owner &&`,
    replace: `const isOwner = state.status !== "retrying" || state.node_id === owner &&`,
  },
  {
    name: "expire-anybody",
    rule: "who takes an attempt away names the owner that was lost",
    file: "lib/protocol/transition.ts",
    find: "return asOwner(state, event, event.owner, expire);",
    replace: `return state?.status === "claimed"
        ? expire(state, event)
        : asOwner(state, event, event.owner, expire);`,
  },
  {
    name: "retry-of-cancelled",
    rule: "what is to end is not tried again",
    file: "lib/protocol/transition.ts",
    find: `state.status !== "cancelling" && isRetried(event.outcome) &&`,
    replace: "isRetried(event.outcome) &&",
  },
  {
    name: "no-max-attempts",
    rule: "a task is given up after so many lost owners",
    file: "lib/protocol/transition.ts",
    find: `lost >= max_attempts ?`,
    replace: "lost > max_attempts ?",
  },
];

/** Rules about leases. */
const LEASES: readonly Variant[] = [
  {
    name: "takeover-by-wall-clock",
    rule: "no two clocks are compared",
    file: "lib/worker/observer.ts",
    find:
      "return this.#isOthers(state) && isLapsed(this.#silences.get(claimOf(state)), this.#leaseMs);",
    replace: `return this.#isOthers(state) &&
      this.#clock.now().getTime() - Date.parse(state.claimed_at) > this.#leaseMs;`,
  },
  {
    name: "outage-is-silence",
    rule: "a gap between two looks says little",
    file: "lib/scheduling/lease.ts",
    find: "Math.min(gapMs, leaseMs * PART_PER_LOOK)",
    replace: "Math.max(gapMs, PART_PER_LOOK)",
  },
  {
    name: "beats-not-seen",
    rule: "a sign of life renews the lease",
    file: "lib/scheduling/lease.ts",
    find: "known.beat !== beat ||",
    replace: "",
  },
  {
    name: "no-own-lease",
    rule: "who could not renew its lease stops what it runs",
    file: "lib/worker/lease_guard.ts",
    find: `slots.stop(task_id, "unrenewed");`,
    replace: "",
  },
  {
    name: "own-lease-from-answer",
    rule: "the own lease counts from the moment at which the sign of life was sent",
    file: "lib/worker/presence.ts",
    find: "this.#renewedMs = this.#sentMs;",
    replace: "this.#renewedMs = this.#options.clock.elapsedMs();",
  },
  {
    name: "late-start",
    rule: "what was won too long ago is not begun",
    file: "lib/worker/starter.ts",
    find: "const isTrusted = tookMs < watchIntervalMs(leaseMs);",
    replace: "const isTrusted = tookMs < watchIntervalMs(leaseMs) * 1000;",
  },
  {
    name: "late-turn",
    rule: "what waited for its turn until others may have taken it is not begun",
    file: "lib/worker/runner.ts",
    find: `if (!isTrusted(attempt.sentMs)) return ending.stopped(attempt, "unrenewed");`,
    replace: "",
  },
  {
    name: "retry-by-wall-clock",
    rule: "a wrong clock delays no retry",
    file: "lib/worker/observer.ts",
    find:
      "return this.#clock.elapsedMs() - sinceMs >= Date.parse(state.not_before) - Date.parse(ended);",
    replace: "return sinceMs === Infinity;",
  },
];

/** Rules about what a worker has in its hands. */
const HANDS: readonly Variant[] = [
  {
    name: "nothing-taken-back",
    rule: "what stands under a node's name and is not in its hands is handed back",
    file: "lib/worker/speaker.ts",
    find: "...handBackSayings(this.#ledger, nodeId, new Set(this.held), at)",
    replace: "...handBackSayings(this.#ledger, nodeId, new Set(this.held), at).slice(0, 0)",
  },
  {
    name: "leftovers-go-on",
    rule: "who takes up a name removes what runs from a former life",
    file: "lib/worker/arrival.ts",
    find: "await options.executor.removeLeftoversOf?.(options.nodeId);",
    replace: "",
  },
  {
    name: "cancel-ignored",
    rule: "the owner stops what was cancelled",
    file: "lib/worker/slots.ts",
    find: `this.stop(task_id, "cancelled");`,
    replace: "",
  },
  {
    name: "fence-ignored",
    rule: "who was fenced stops what it runs",
    file: "lib/worker/slots.ts",
    find: `this.stop(task_id, "fenced");`,
    replace: "",
  },
  {
    name: "settled-goes-on",
    rule: "who runs what is settled stops it",
    file: "lib/worker/slots.ts",
    find: "now === undefined ? settled.has(task_id) : isOver(now, own)",
    replace: "now !== undefined && settled !== undefined && isOver(now, own)",
  },
];

/** Rules about names. */
const NAMES: readonly Variant[] = [
  {
    name: "name-not-asked-for",
    rule: "who wants a name that another has waits for the answer to its question",
    file: "lib/worker/namesake.ts",
    find: "&& await this.#waitedInVain(other, stop);",
    replace: ";",
  },
  {
    name: "question-not-answered",
    rule: "who is asked answers",
    file: "lib/worker/namesake.ts",
    find: `if (record?.status === "joining") this.#answer(record);`,
    replace: `if (record?.status === "joining") return true;`,
  },
  {
    name: "question-as-proof",
    rule: "a question that an earlier life has asked proves nothing",
    file: "lib/worker/namesake.ts",
    find: `return this.#isOurHome(record) && record.status !== "joining" ? undefined : record;`,
    replace: "return this.#isOurHome(record) ? undefined : record;",
  },
  {
    name: "name-without-swap",
    rule: "a name is taken by a swap that was won",
    file: "lib/worker/namesake.ts",
    find: `if (isFree && await this.#show("online")) return true;`,
    replace: "if (isFree) return true;",
  },
  {
    name: "stopped-while-asking",
    rule: "who is stopped while it asks for a name does not have it",
    file: "lib/worker/namesake.ts",
    find: "if (stop.aborted) break;",
    replace: "",
  },
];

export const VARIANTS: readonly Variant[] = [
  ...WRITING,
  ...AUTHORITY,
  ...LEASES,
  ...HANDS,
  ...NAMES,
];
