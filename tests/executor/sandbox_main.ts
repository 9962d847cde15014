/** What the compiled binary does under its hidden command, as a program for tests. */
import { runSandboxChild } from "../../lib/executor/sandbox_child.ts";

await runSandboxChild();
