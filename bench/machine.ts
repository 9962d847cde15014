/**
 * On what was measured: the machine, and the programs that have a part in it.
 *
 * @module
 */
import { VERSION } from "../lib/cli/version.ts";
import { shell } from "./processes.ts";

export interface MachineReport {
  cpu: string;
  cores: number;
  memoryMb: number;
  kernel: string;
  /** By program; what is not there is left out. */
  versions: Record<string, string>;
}

export async function reportMachine(): Promise<MachineReport> {
  const cpu = await shell("sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1");
  return {
    cpu: cpu || Deno.build.arch,
    cores: navigator.hardwareConcurrency,
    memoryMb: Math.floor(Deno.systemMemoryInfo().total / 2 ** 20),
    kernel: Deno.osRelease(),
    versions: await readVersions(),
  };
}

async function readVersions(): Promise<Record<string, string>> {
  const git = await shell("git --version | cut -d' ' -f3");
  const docker = await shell("docker version --format '{{.Server.Version}}' 2>/dev/null || true");
  const all = { dgrid: VERSION, deno: Deno.version.deno, git, docker };
  return Object.fromEntries(Object.entries(all).filter(([, version]) => version !== ""));
}
