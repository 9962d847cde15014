/**
 * The nodes of a grid: their records on the branch and on the live edge.
 *
 * @module
 */
import { NODE_RECORD_PATH, nodePath } from "../protocol/layout.ts";
import { decodeNodeRecord, type NodeRecord } from "../protocol/node_record.ts";
import { encodeRecord } from "../protocol/record.ts";
import { commitToBranch } from "./branch.ts";
import type { Ledger } from "./ledger.ts";
import type { Companion } from "./live_edge.ts";
import { type Oid, type StoreEntry, wholeContent } from "./store.ts";

const MAX_NODE_BYTES = 65_536;

/** A sign of life: the node's ref, replaced by a commit without history. */
export function heartbeat(ledger: Ledger, node: NodeRecord, last?: Oid): Companion {
  const { name, email, clock } = ledger.writer;
  return {
    ref: ledger.names.node(node.node_id),
    expected: last,
    order: {
      message: `${name}: ${node.status}`,
      author: { name, email },
      time: Math.floor(clock.now().getTime() / 1000),
      changes: [{ path: NODE_RECORD_PATH, bytes: encodeRecord(node) }],
    },
  };
}

/** Records on the branch who works here, unless it stands there already. */
export async function registerNode(ledger: Ledger, node: NodeRecord): Promise<void> {
  await commitToBranch(ledger, `${node.node_id}: join the grid`, async () => {
    const path = nodePath(node.node_id);
    const [recorded] = await readRecords(
      ledger,
      [...(await ledger.store.find(ledger.main.commit, [path])).values()],
    );
    if (recorded !== undefined && describes(recorded, node)) return [];
    return [{ path, bytes: encodeRecord(node) }];
  });
}

/** Whether a record says the same of a node, but for what changes while it works. */
function describes(recorded: NodeRecord, node: NodeRecord): boolean {
  const lasting = ({ machine, labels, runs, parallel, public_key, dgrid_version }: NodeRecord) =>
    JSON.stringify([machine, labels, runs, parallel, public_key, dgrid_version]);
  return lasting(recorded) === lasting(node);
}

/** All nodes: as their refs say, and for those that have none, as the branch says. */
export async function listNodes(ledger: Ledger): Promise<NodeRecord[]> {
  const { store, names, refs, main } = ledger;
  const live = new Map([...refs].filter(([ref]) => names.nodeIn(ref) !== undefined));
  await store.fetch(live);
  const places = await Promise.all(
    [...live.values()].map((oid) => store.find(oid, [NODE_RECORD_PATH])),
  );
  const entries = places.flatMap((place) => [...place.values()]);
  const recorded = await readRecords(ledger, await store.list(main.commit, "nodes"));
  const nodes = new Map(recorded.map((node) => [node.node_id, node]));
  for (const node of await readRecords(ledger, entries)) nodes.set(node.node_id, node);
  return [...nodes.values()].sort((a, b) => a.node_id < b.node_id ? -1 : 1);
}

/** Reads node records; what is none, such as a note that somebody put there, is passed over. */
async function readRecords(ledger: Ledger, entries: StoreEntry[]): Promise<NodeRecord[]> {
  const files = entries.filter(({ kind, path }) => kind === "file" && path.endsWith(".json"));
  const contents = await ledger.store.read(files.map(({ oid }) => oid), MAX_NODE_BYTES);
  return files.flatMap(({ oid }) => {
    const content = wholeContent(contents.get(oid));
    const node = content && decodeNodeRecord(content);
    return node?.ok ? [node.value] : [];
  });
}
