/**
 * What happened to a task, one thing at a time.
 *
 * @module
 */
import type { PathCommit } from "../ledger/store.ts";
import type { Attempt, Status } from "../protocol/live_state.ts";
import { attemptInWords } from "./attempt_words.ts";

/** What is known of every event. */
interface Common {
  /** An instant by the clock of whoever did it; nobody has checked it. */
  at: string;
  /** The commit that says so; absent where only the result tells it. */
  commit?: string;
  /** Who made that commit. */
  by?: string;
}

/** Something that happened to a task. */
export type LogEvent = Common & What;

type What =
  | { kind: "submitted" | "retried" | "changed" | "withdrawn"; path: string }
  | { kind: "settled"; path: string; status?: Status; exit_code?: number | null; node_id?: string }
  | { kind: "result_removed"; path: string }
  | { kind: "claimed"; node_id: string; attempt: number }
  | { kind: "ended"; attempt: Attempt; not_before?: string }
  | { kind: "cancel_asked"; node_id: string }
  | { kind: "entry_removed" | "entry_unreadable" };

/** An event that a commit says. */
export function inCommit({ oid, time, author }: PathCommit, what: What, at?: string): LogEvent {
  const said = at ?? new Date(time * 1000).toISOString();
  return { at: said, ...what, commit: oid, by: author.name };
}

/** An event in one line: `attempt 1: claimed by w1`. */
export function describeEvent(event: LogEvent): string {
  const by = event.by ?? "somebody";
  switch (event.kind) {
    case "submitted":
      return `submitted by ${by}: ${event.path}`;
    case "retried":
      return `put back into the queue by ${by}, to be run again: ${event.path}`;
    case "changed":
      return `its file in the queue was changed by ${by}: ${event.path}`;
    case "withdrawn":
      return `taken out of the queue by ${by}: ${event.path}`;
    case "settled":
      return `settled by ${by}: ${ending(event)}${event.path}`;
    case "result_removed":
      return `its result was taken away by ${by}: ${event.path}`;
    case "claimed":
      return `attempt ${event.attempt} was claimed by ${event.node_id}`;
    case "ended":
      return attemptInWords(event.attempt) + whoSaysSo(event) + nextTry(event);
    case "cancel_asked":
      return `${by} asked for it to be cancelled; ${event.node_id} has to stop it`;
    case "entry_removed":
      return `${by} took its entry off the live edge before it had ended`;
    case "entry_unreadable":
      return `${by} wrote an entry that cannot be read`;
  }
}

function ending({ status, exit_code, node_id }: Extract<LogEvent, { kind: "settled" }>): string {
  if (status === undefined) return "";
  const code = status === "failed" && exit_code !== null ? ` with exit code ${exit_code}` : "";
  return `${status}${code} on ${node_id}, `;
}

/** That somebody was lost is said by somebody else. */
function whoSaysSo({ attempt, by }: Extract<LogEvent, { kind: "ended" }>): string {
  return attempt.outcome === "lost" && by !== undefined ? `, says ${by}` : "";
}

function nextTry({ not_before }: Extract<LogEvent, { kind: "ended" }>): string {
  return not_before === undefined ? "" : `; to be tried again from ${not_before} on`;
}
