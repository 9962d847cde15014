import { GitError } from "./git_error.ts";

/**
 * The server gives only what its refs name at this moment. That is so in Git's older protocol, which
 * is spoken over ssh where the server does not accept the variable that asks for the newer one. What
 * a ref named a moment ago may then not be had any longer; what it names now, may.
 */
export class Unadvertised extends GitError {
  constructor(action: string) {
    super(
      `${action}: the server gives only what its refs name now; have it accept GIT_PROTOCOL ` +
        "(sshd_config: AcceptEnv GIT_PROTOCOL), or set uploadpack.allowAnySHA1InWant there",
      "refused",
      128,
    );
  }
}

/** The error of a fetch, told apart where it is this one: Git has one exit code for all. */
export function asUnadvertised(action: string, error: unknown): unknown {
  const isIt = error instanceof GitError && /unadvertised object/.test(error.message);
  return isIt ? new Unadvertised(action) : error;
}
