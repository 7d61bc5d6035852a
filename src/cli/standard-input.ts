import { KubespanError } from "../base/index.ts";

/** The text of standard input. Throws `KubespanError("usage")` if it has more bytes; `what` names what is read. */
export async function standardInput(what: string, largest: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > largest) throw new KubespanError("usage", `the ${what} is larger than ${largest} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
