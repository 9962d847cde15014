import { match } from "node:assert/strict";
import { NODE_STATUSES } from "../../lib/protocol/node_record.ts";
import { LIVE_STATUSES, OUTCOMES } from "../../lib/protocol/live_state.ts";
import type { TaskEvent } from "../../lib/protocol/event.ts";
import { buildResult, notRun } from "../../lib/protocol/result.ts";
import { DEFAULT_SETTINGS } from "../../lib/protocol/settings.ts";
import { checkTask } from "../../lib/protocol/task.ts";
import { finishedState, valueOf } from "./example.ts";

const document = await Deno.readTextFile(new URL("../../docs/protocol.md", import.meta.url));

/** Every kind of event, each once: a kind that is missing here does not compile. */
const KINDS: Record<TaskEvent["kind"], true> = {
  claim: true,
  report: true,
  hand_back: true,
  expire: true,
  cancel: true,
  reject: true,
};

const TASK = valueOf(checkTask({ task_id: "t", script: "true" }));
const WORDS: Record<string, string[]> = {
  "event": Object.keys(KINDS),
  "state": [...LIVE_STATUSES],
  "outcome": OUTCOMES.map((outcome) => outcome.replace("handed_back", "hand_back")),
  "setting": Object.keys(DEFAULT_SETTINGS),
  "status of a node": [...NODE_STATUSES],
  "field of a result": Object.keys(buildResult(finishedState(), notRun("lost", "x"), TASK)),
  "field of a task": Object.keys(TASK),
};

for (const [what, words] of Object.entries(WORDS)) {
  for (const word of words) {
    Deno.test(`docs/protocol.md knows the ${what} ${word}`, () => {
      match(document, new RegExp(`\\b${word}\\b`));
    });
  }
}
