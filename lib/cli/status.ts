/**
 * `dgrid status`: the grid in numbers.
 *
 * @module
 */
import { withoutPasswords } from "../git/without_passwords.ts";
import { listNodes } from "../ledger/nodes.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { PRIORITIES } from "../protocol/task.ts";
import { countedNodes } from "../worker/counted_nodes.ts";
import { countersFolder } from "../worker/counters_record.ts";
import type { Command } from "./context.ts";
import { type NodeStatus, nodeStatus } from "./node_status.ts";
import { homeOf, openGrid, repositoryOf } from "./open_grid.ts";
import { type Counts, countTasks } from "./overview.ts";
import { inOneLine } from "./printable.ts";
import { table } from "./table.ts";

type NodeCounts = Record<NodeStatus, number>;

export const status: Command = {
  summary: "show the grid in numbers",
  operands: "",
  takes: { least: 0, most: 0 },
  details: [
    "With --json, `workers` has the counters of the workers that share this --home: Git commands by kind,",
    "refusals, bytes, ticks, queue delay and time by phase. `is_running` tells whether that worker is at",
    "work; `counted_at`, when it was so: a worker writes at most every 5 s, and nothing where it has",
    "counted nothing. A worker logs the same on SIGUSR1.",
  ],
  async run(context) {
    const { options, terminal } = context;
    await using grid = await openGrid(context);
    const { ledger } = grid;
    await ledger.refresh();
    const tasks = await countTasks(ledger);
    const nodes = await countNodes(ledger);
    const repo = withoutPasswords(repositoryOf(context));
    const { commit, strays } = ledger.main;
    if (options.json) {
      const place = { url: repositoryOf(context), branch: options.branch };
      const workers = await countedNodes(countersFolder(homeOf(context), place));
      const passedOver = Object.fromEntries(strays);
      return terminal.printJson({ repo, commit, tasks, nodes, workers, strays: passedOver });
    }
    terminal.print(table([
      ["grid", `${repo}, ${options.branch} at ${commit.slice(0, 12)}`],
      ...taskRows(tasks),
      ["nodes", listed(nodes)],
    ]));
    for (const [path, reason] of strays) {
      terminal.tell(inOneLine(`passed over: ${path}: ${reason}`));
    }
  },
};

async function countNodes(ledger: Ledger): Promise<NodeCounts> {
  const counts: NodeCounts = { joining: 0, online: 0, draining: 0, silent: 0, offline: 0 };
  const { lease_seconds } = ledger.main.settings;
  for (const node of await listNodes(ledger)) {
    counts[nodeStatus(node, lease_seconds, Date.now())]++;
  }
  return counts;
}

function taskRows(tasks: Counts): string[][] {
  const { queued, invalid, claimed, retrying, cancelling, finished, completed, failed } = tasks;
  const waiting = PRIORITIES.reduce((sum, priority) => sum + queued[priority], 0);
  return [
    ["queued", waiting === 0 ? "0" : `${waiting} (${listed(queued)})`],
    ...invalid > 0 ? [["invalid", String(invalid)]] : [],
    ["running", String(claimed)],
    ...retrying > 0 ? [["retrying", String(retrying)]] : [],
    ...cancelling > 0 ? [["cancelling", String(cancelling)]] : [],
    ["finished, not settled", String(finished)],
    ["completed", String(completed)],
    ["failed", String(failed)],
  ];
}

/** `2 high, 1 low`; what there is none of is left out. */
function listed(counts: Record<string, number>): string {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  return some.map(([name, count]) => `${count} ${name}`).join(", ") || "0";
}
