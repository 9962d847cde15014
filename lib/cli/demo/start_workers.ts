import { OPTIONS } from "../options.ts";
import type { DemoFolder } from "./demo_folder.ts";
import { ownProgram } from "./own_program.ts";
import { WorkerProcess } from "./worker_process.ts";

const NODE_IDS = ["worker-1", "worker-2", "worker-3"];

/** The demo's workers; disposing of them stops them. */
export interface Workers extends AsyncDisposable {
  all: WorkerProcess[];
}

/** Starts three workers, each with its own home, which end when there is nothing left to do. */
export function startWorkers(
  folder: DemoFolder,
  env: Record<string, string>,
  executor: string,
): Workers {
  const all = NODE_IDS.map((nodeId) => {
    const options = [
      `--repo=${folder.repo}`,
      `--home=${folder.homeOf(nodeId)}`,
      `--node-id=${nodeId}`,
      `--executor=${executor}`,
      "--poll-interval=0.3",
      "--grace=0",
      "--exit-when-idle",
    ];
    return new WorkerProcess(nodeId, [...ownProgram(), "worker", ...options], {
      env: withoutSettings(env),
      logPath: `${folder.homeOf(nodeId)}.log`,
    });
  });
  return {
    all,
    [Symbol.asyncDispose]: async () => void await Promise.all(all.map((it) => it.stop())),
  };
}

/** The environment without our own settings: the demo decides them. */
function withoutSettings(env: Record<string, string>): Record<string, string> {
  const variables = Object.values(OPTIONS).map(({ variable }) => variable);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !variables.includes(name)));
}
