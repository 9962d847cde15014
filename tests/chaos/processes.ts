/**
 * The processes of this machine, as Linux tells of them in /proc. It is read by `sh`, because Deno
 * opens nothing there without all rights.
 *
 * @module
 */

/** A process; its id alone can be somebody else's by now, with the start time it is certain. */
export interface Process {
  pid: number;
  startTime: string;
}

interface Entry extends Process {
  parent: number;
  isZombie: boolean;
}

/** A process and everything that it started and that still has a living parent among them. */
export async function familyOf(pid: number): Promise<Process[]> {
  const entries = await table();
  const children = Map.groupBy(entries, ({ parent }) => parent);
  const family = entries.filter((entry) => entry.pid === pid);
  for (const { pid } of family) family.push(...children.get(pid) ?? []);
  return family.map(({ pid, startTime }) => ({ pid, startTime }));
}

/** Those of some processes that are still there. */
export async function stillAlive(processes: Process[]): Promise<Process[]> {
  const alive = new Set((await table()).filter(({ isZombie }) => !isZombie).map(nameOf));
  return processes.filter((process) => alive.has(nameOf(process)));
}

/** Sends a signal, such as STOP, to processes; one that has ended meanwhile is passed over. */
export async function sendSignal(signal: string, processes: Process[]): Promise<void> {
  const pids = processes.map(({ pid }) => String(pid));
  await shell(`for pid; do kill -${signal} "$pid" 2>/dev/null; done`, pids);
}

/** How much memory a process holds, in KiB; undefined where it has ended. */
export async function residentKib(pid: number): Promise<number | undefined> {
  const said = await shell('grep VmRSS "/proc/$1/status" 2>/dev/null', [String(pid)]);
  const [, kib] = /(\d+) kB/.exec(said) ?? [];
  return kib === undefined ? undefined : Number(kib);
}

/** What a process was started with, for a message. */
export async function commandOf({ pid }: Process): Promise<string> {
  const said = await shell('tr "\\0" " " <"/proc/$1/cmdline" 2>/dev/null', [String(pid)]);
  return `${pid} ${said.slice(0, 200)}`;
}

async function table(): Promise<Entry[]> {
  // A process that ends between the list and the reading is missed, as it should be.
  const lines = (await shell("cat /proc/[0-9]*/stat 2>/dev/null", [])).split("\n");
  return lines.filter((line) => line !== "").map(parseStat);
}

/** Reads a line of /proc/PID/stat (proc(5)); the second field may hold spaces and brackets. */
export function parseStat(line: string): Entry {
  const [state, parent, ...rest] = line.slice(line.lastIndexOf(")") + 2).split(" ");
  // The 22nd field, of which the first two and these two are gone.
  return {
    pid: parseInt(line),
    parent: Number(parent),
    startTime: rest[17],
    isZombie: state === "Z" || state === "X",
  };
}

function nameOf({ pid, startTime }: Process): string {
  return `${pid} ${startTime}`;
}

async function shell(script: string, args: string[]): Promise<string> {
  const command = new Deno.Command("sh", { args: ["-c", script, "sh", ...args], stdin: "null" });
  return new TextDecoder().decode((await command.output()).stdout);
}
