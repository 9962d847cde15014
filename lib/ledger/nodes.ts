/**
 * The nodes of a grid: their records on the branch and on the live edge.
 *
 * @module
 */
import { NODE_RECORD_PATH, nodeAt, nodePath } from "../protocol/layout.ts";
import { decodeNodeRecord, type NodeRecord } from "../protocol/node_record.ts";
import { encodeRecord } from "../protocol/record.ts";
import { commitToBranch } from "./branch.ts";
import { signedBy } from "./commit_order.ts";
import type { Ledger } from "./ledger.ts";
import type { Companion } from "./live_edge.ts";
import { type Change, type Oid, type StoreEntry, wholeContent } from "./store.ts";

const MAX_NODE_BYTES = 65_536;

/** A sign of life: the node's ref, replaced by a commit without history. */
export function heartbeat(ledger: Ledger, node: NodeRecord, last?: Oid): Companion {
  const changes = [{ path: NODE_RECORD_PATH, bytes: encodeRecord(node) }];
  const order = signedBy(ledger.writer, `${ledger.writer.name}: ${node.status}`, changes);
  return { ref: ledger.names.node(node.node_id), expected: last, order };
}

/** What a node's ref says; undefined where there is none, or it cannot be understood. */
export async function readNode(ledger: Ledger, nodeId: string): Promise<NodeRecord | undefined> {
  const { store, names, refs } = ledger;
  const ref = names.node(nodeId);
  const oid = refs.get(ref);
  if (oid === undefined) return undefined;
  await store.fetch(new Map([[ref, oid]]));
  const entry = (await store.find(oid, [NODE_RECORD_PATH])).get(NODE_RECORD_PATH);
  const [record] = await readRecords(
    ledger,
    entry === undefined ? [] : [{ node_id: nodeId, entry }],
  );
  return record;
}

/** Records on the branch who works here, unless it stands there already. */
export async function registerNode(ledger: Ledger, node: NodeRecord): Promise<void> {
  await commitToBranch(ledger, `${node.node_id}: join the grid`, async () => {
    return await isRecorded(ledger, node) ? [] : [recordOf(node)];
  });
}

/** Whether the branch says of a node what its record does. */
export async function isRecorded(ledger: Ledger, node: NodeRecord): Promise<boolean> {
  const places = await ledger.store.find(ledger.main.commit, [nodePath(node.node_id)]);
  const [recorded] = await readRecords(
    ledger,
    [...places.values()].map((entry) => ({ node_id: node.node_id, entry })),
  );
  return recorded !== undefined && describes(recorded, node);
}

/** The change of the branch that records a node. */
export function recordOf(node: NodeRecord): Change {
  return { path: nodePath(node.node_id), bytes: encodeRecord(node) };
}

/** Whether a record says the same of a node, but for what changes while it works. */
function describes(recorded: NodeRecord, node: NodeRecord): boolean {
  const lasting = ({ machine, labels, runs, parallel, public_key, dgrid_version }: NodeRecord) =>
    JSON.stringify([machine, labels, runs, parallel, public_key, dgrid_version]);
  return lasting(recorded) === lasting(node);
}

/** All nodes: as their refs say, and for those that have none, as the branch says. */
export async function listNodes(ledger: Ledger): Promise<NodeRecord[]> {
  const listed = await recordedPlaces(ledger);
  const nodes = new Map<string, NodeRecord>();
  // What a node said last counts more than what the branch has of it.
  for (const node of await readRecords(ledger, [...listed, ...await livePlaces(ledger)])) {
    nodes.set(node.node_id, node);
  }
  return [...nodes.values()].sort((a, b) => a.node_id < b.node_id ? -1 : 1);
}

/** The nodes that the branch has a record of. */
export async function recordedNodes(ledger: Ledger): Promise<Set<string>> {
  return new Set((await recordedPlaces(ledger)).map(({ node_id }) => node_id));
}

async function recordedPlaces({ store, main }: Ledger): Promise<Place[]> {
  return (await store.list(main.commit, "nodes")).flatMap((entry): Place[] => {
    const node_id = nodeAt(entry.path);
    return node_id === undefined ? [] : [{ node_id, entry }];
  });
}

/**
 * What the refs of nodes say.
 *
 * @param isWanted by default all that have a ref
 */
export async function readLiveNodes(
  ledger: Ledger,
  isWanted: (nodeId: string) => boolean = () => true,
): Promise<NodeRecord[]> {
  return await readRecords(ledger, await livePlaces(ledger, isWanted));
}

async function livePlaces(
  { store, names, refs }: Ledger,
  isWanted: (nodeId: string) => boolean = () => true,
): Promise<Place[]> {
  const live = new Map([...refs].filter(([ref]) => {
    const node = names.nodeIn(ref);
    return node !== undefined && isWanted(node);
  }));
  await store.fetch(live);
  const said = await Promise.all([...live].map(async ([ref, oid]): Promise<Place[]> => {
    const entry = (await store.find(oid, [NODE_RECORD_PATH])).get(NODE_RECORD_PATH);
    return entry === undefined ? [] : [{ node_id: names.nodeIn(ref)!, entry }];
  }));
  return said.flat();
}

/** Where a node's record stands. */
interface Place {
  /** The node, by the name of the file or ref. */
  node_id: string;
  entry: StoreEntry;
}

/**
 * Reads node records; what is none, such as a note that somebody put there, is passed over, and so is
 * a record under another node's name.
 */
async function readRecords(ledger: Ledger, places: Place[]): Promise<NodeRecord[]> {
  const files = places.filter(({ entry }) => entry.kind === "file");
  const contents = await ledger.store.read(files.map(({ entry }) => entry.oid), MAX_NODE_BYTES);
  return files.flatMap(({ node_id, entry }) => {
    const content = wholeContent(contents.get(entry.oid));
    const node = content && decodeNodeRecord(content);
    return node?.ok && node.value.node_id === node_id ? [node.value] : [];
  });
}
