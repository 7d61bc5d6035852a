import { createInterface } from "node:readline";
import { KubespanError } from "../../base/index.ts";
import { complain, readTextFile } from "../../system/index.ts";
import { decodeToken, longestToken, type Token } from "../token.ts";

const variable = "KUBESPAN_TOKEN";

/**
 * Reads the token of a node that joins: from a file if one is named, or else from the environment, or else from standard
 * input, which may be a terminal.
 */
export async function readToken(file: string | undefined): Promise<Token> {
  const text = file === undefined ? (fromEnvironment() ?? (await fromInput())) : await fromFile(file);
  return decodeToken(text.trim());
}

/** Programs that this one starts do not get it. */
function fromEnvironment(): string | undefined {
  const text = process.env[variable];
  delete process.env[variable];
  return text === "" ? undefined : text;
}

async function fromFile(path: string): Promise<string> {
  const hint = "give a file that holds the token alone";
  const file = await readTextFile(path, { largest: longestToken + 2, code: "usage", hint });
  if (file) return file.text;
  throw new KubespanError("usage", `there is no file ${path}`, { hint });
}

async function fromInput(): Promise<string> {
  if (process.stdin.isTTY)
    complain("Paste the token, which 'kubespan token' prints on a node of the mesh:\n");
  const lines = createInterface({ input: process.stdin.setEncoding("utf8") });
  try {
    for await (const line of lines) if (line.trim() !== "") return line;
  } finally {
    lines.close();
    process.stdin.destroy();
  }
  throw new KubespanError("usage", "there is no token on standard input", {
    hint: `paste it, pipe it, name a file with --token-file, or set ${variable}`,
  });
}
