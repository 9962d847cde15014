/**
 * Throw-away keys and certificates.
 *
 * @module
 */
import { join } from "@std/path";
import { run, textOf } from "../../../lib/process.ts";

/** Makes a key for ssh without a passphrase, and `<path>.pub` beside it. */
export async function makeKey(path: string): Promise<void> {
  await make(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", path]);
}

/** The files of a TLS server. */
export interface Certificate {
  /** The authority that a client must know. */
  authority: string;
  certificate: string;
  key: string;
}

/** Makes an authority, and a certificate by it for 127.0.0.1; both hold for a day. */
export async function makeCertificate(folder: string): Promise<Certificate> {
  const at = (name: string) => join(folder, name);
  const paths = { authority: at("ca.pem"), certificate: at("tls.pem"), key: at("tls.key") };
  const ecKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"];
  const request = ["openssl", "req", "-x509", "-days", "1", ...ecKey];
  const authority = [...request, "-subj", "/CN=test authority", "-keyout", at("ca.key")];
  await make([...authority, "-out", paths.authority]);
  await make([
    ...[...request, "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
    ...["-addext", "basicConstraints=critical,CA:FALSE"],
    ...["-CA", paths.authority, "-CAkey", at("ca.key")],
    ...["-keyout", paths.key, "-out", paths.certificate],
  ]);
  return paths;
}

async function make(command: string[]): Promise<void> {
  const env = { PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin" };
  const { code, stderr } = await run(command, { env });
  if (code !== 0) throw new Error(`${command[0]}: ${textOf(stderr)}`);
}
