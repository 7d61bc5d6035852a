import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page as Tab } from "playwright-core";
import { serveMonitoring } from "../../src/metrics/effects/index.ts";
import { Page } from "../../src/page/effects/index.ts";
import type { Given } from "./made-up.ts";

const folder = join(import.meta.dirname, "../../dist/page");
const program = "/usr/bin/chromium";

export const openBrowser = (executablePath = program): Promise<Browser> =>
  chromium.launch({
    executablePath,
    chromiumSandbox: false, // the tests run as root
    args: ["--disable-gpu", "--disable-dev-shm-usage"],
  });

/** Writes a program that starts Chromium where `enter` leads, such as in a namespace. */
export async function browserWithin(enter: (argv: string[]) => string[], temporary: string): Promise<string> {
  const file = join(temporary, "chromium-within");
  const words = enter([program]).map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  await writeFile(file, `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`);
  await chmod(file, 0o700);
  return file;
}

/** A page of made-up state, on a port of loopback. */
export interface Served {
  readonly url: string;
  /** Shows another state, as after a pass. */
  show(given: Given): void;
  close(): Promise<void>;
}

/** Serves the page; without a port, at any that is free. */
export async function serve(first: Given, port = 0): Promise<Served> {
  let now = first;
  const page = new Page({ look: async () => {}, see: () => now, folder });
  const server = await serveMonitoring({ host: "127.0.0.1", port }, page.pages, []);
  return {
    url: `http://127.0.0.1:${server.port}/`,
    show: (given) => {
      now = given;
      page.passed();
    },
    close: () => server.close(),
  };
}

/** A tab, and what went wrong in it: errors, what the policy refused, and requests to anywhere else. */
export interface Opened {
  readonly tab: Tab;
  readonly wrong: string[];
}

export async function openTab(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Opened> {
  const context = await browser.newContext(options);
  const tab = await context.newPage();
  const wrong: string[] = [];
  tab.on("pageerror", (error) => wrong.push(error.message));
  tab.on("dialog", (dialog) => void dialog.dismiss().then(() => wrong.push(dialog.message())));
  tab.on("console", (message) => {
    if (message.type() === "error") wrong.push(message.text());
  });
  tab.on("request", (request) => {
    if (!request.url().startsWith(url)) wrong.push(request.url());
  });
  await tab.goto(url);
  await tab.locator("#stream", { hasText: "live" }).waitFor();
  await tab.locator("#peers tbody tr").first().waitFor();
  return { tab, wrong };
}
