const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** A task id that people can read and nobody has: `20260419-142501-k3x9q7ab`, in UTC. */
export function makeTaskId(now: Date): string {
  const digits = now.toISOString().replaceAll(/\D/g, "");
  return `${digits.slice(0, 8)}-${digits.slice(8, 14)}-${randomWord(8)}`;
}

/** A random word; 32 letters are a power of two, so each is as likely as the others. */
export function randomWord(length: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return [...bytes].map((byte) => ALPHABET[byte % ALPHABET.length]).join("");
}
