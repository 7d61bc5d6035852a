import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContextOptions, Page as Tab } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { hostileTexts } from "../unit/security/hostile-text.ts";
import { type Opened, openBrowser, openTab, type Served, serve } from "./browser.ts";
import { type Given, given, largeMesh, peerOf, smallMesh } from "./made-up.ts";
import { rawly } from "./rawly.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

async function open(
  first: Given,
  options: BrowserContextOptions = {},
): Promise<Opened & { readonly served: Served }> {
  const served = await serve(first);
  onTestFinished(() => served.close());
  const opened = await openTab(browser, served.url, options);
  onTestFinished(() => opened.tab.context().close());
  return { ...opened, served };
}

const names = (tab: Tab): Promise<string[]> => tab.locator("#peers tbody th").allTextContents();

/** Marks the rows that are there, to see later which ones were made since. */
const markRows = (tab: Tab): Promise<unknown> =>
  tab.evaluate("for (const row of document.querySelectorAll('#peers tbody tr')) row.isKnown = true");

const newRows = (tab: Tab): Promise<unknown> =>
  tab.evaluate("[...document.querySelectorAll('#peers tbody tr')].filter((row) => !row.isKnown).length");

const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

test("it shows the mesh: sites, ways, round trips, and what is wrong", async () => {
  const { tab, wrong } = await open(smallMesh());
  const graph = tab.getByRole("img", {
    name: /^This node and 19 peers in 5 sites: 18 up, 1 down, 15 direct/,
  });
  expect(await graph.locator(".line.direct").count()).toBe(15);
  for (const way of ["guessed", "relayed", "carried", "none"])
    expect(await graph.locator(`.line.${way}`).count(), way).toBe(1);
  expect(await graph.locator("text", { hasText: "10.20.0.0/16" }).count()).toBe(1);
  expect(await graph.locator("text", { hasText: "4.3 ms" }).count()).toBe(1);
  const attic = tab.getByRole("row", { name: /^attic/ });
  expect(await attic.textContent()).toContain("open UDP port 51820 in its firewall");
  expect((await names(tab))[0]).toBe("attic");
  expect(await tab.getByRole("row", { name: /^kubernetes/ }).textContent()).toContain("connection refused");
  expect(await tab.getByRole("row", { name: /^table/ }).textContent()).toContain("2");
  expect(await tab.locator("#events tbody tr").first().textContent()).toContain("the nft table was restored");
  await graph.locator(".dot.relayed").hover();
  expect(await tab.locator("#pointed").textContent()).toContain("home-1, up, relayed via fra-worker-2");
  expect(wrong).toEqual([]);
});

test("it is live: what a pass changes is shown and told, without another look at the rest", async () => {
  const mesh = smallMesh();
  const { tab, wrong, served } = await open(mesh);
  await markRows(tab);
  const { peers } = mesh.status;
  const [gone, ...others] = peers;
  expect(gone?.label).toBe("fra-worker-1");
  const changed = others.map((peer) => (peer.label === "hotel" ? { ...peer, state: "down" as const } : peer));
  served.show({ ...mesh, status: { ...mesh.status, peers: changed } });
  await tab
    .locator("#news", { hasText: "hotel is down; fra-worker-1 is gone" })
    .waitFor({ state: "attached" });
  expect(await names(tab)).toHaveLength(18);
  expect((await names(tab)).slice(0, 2)).toEqual(["attic", "hotel"]);
  expect(await newRows(tab)).toBe(0);
  expect(wrong).toEqual([]);
});

test("a lost connection is said, and is made again with the whole state", async () => {
  const mesh = smallMesh();
  const { tab, served } = await open(mesh);
  const { port } = new URL(served.url);
  await served.close();
  await tab.locator("#stream", { hasText: "connection lost" }).waitFor();
  const again = await serve(given([peerOf(1, "only", "10.20.0")]), Number(port));
  onTestFinished(() => again.close());
  await tab.locator("#stream", { hasText: "live" }).waitFor();
  await tab.locator("#peers tbody tr").nth(1).waitFor({ state: "detached" });
  expect(await names(tab)).toEqual(["only"]);
});

test("the keyboard alone reaches everything, in order, and sees where it is", async () => {
  const { tab } = await open(smallMesh());
  const focused = (): Promise<string> =>
    tab.evaluate(`(() => { const at = document.activeElement; return at.textContent || at.id; })()`);
  const reached: string[] = [];
  for (let press = 0; press < 6; press++) {
    await tab.keyboard.press("Tab");
    reached.push((await focused()).slice(0, 30));
    const outline = await tab.evaluate("getComputedStyle(document.activeElement).outlineStyle");
    expect(outline, reached.at(-1)).toBe("solid");
  }
  expect([...reached.slice(0, 2), ...reached.slice(3)]).toEqual([
    "Skip to the peers",
    "peers-search",
    "Name",
    "State",
    "Way",
  ]);
  const head = tab.getByRole("columnheader", { name: "Way" });
  await tab.keyboard.press("Enter");
  expect(await head.getAttribute("aria-sort")).toBe("ascending");
  expect((await names(tab))[0]).toBe("hotel");
  await tab.keyboard.press("Space");
  expect(await head.getAttribute("aria-sort")).toBe("descending");
  expect((await names(tab))[0]).toBe("home-1");
  expect(await tab.locator('[aria-sort="none"]').count()).toBeGreaterThan(10);
  await tab.getByLabel("Search peers").focus();
  await tab.keyboard.type("relayed fra");
  expect(await names(tab)).toEqual(["home-1"]);
  expect(await tab.locator("#peers [role=status]").textContent()).toBe("1 to 1 of 1 found, of 19");
});

test.each([
  ["light", { viewport: { width: 1280, height: 900 } }],
  ["dark", phone],
] as const)("nothing that axe finds keeps a reader out, in %s", async (colorScheme, size) => {
  const { tab } = await open(smallMesh(), { ...size, colorScheme, bypassCSP: true });
  const ground = await tab.evaluate("getComputedStyle(document.body).backgroundColor");
  expect(ground).toBe(colorScheme === "dark" ? "rgb(17, 20, 23)" : "rgb(255, 255, 255)");
  await tab.evaluate(await readFile(fileURLToPath(import.meta.resolve("axe-core")), "utf8"));
  const found = await tab.evaluate(
    `axe.run().then(({ violations, passes }) => [passes.length, violations.map(({ id, nodes }) => id + ": " + nodes[0].html)])`,
  );
  const [passes, violations] = found as [number, string[]];
  expect(violations).toEqual([]);
  expect(passes).toBeGreaterThan(15);
});

test("on a phone nothing sticks out but what a table lets one scroll to", async () => {
  const { tab, wrong } = await open(smallMesh(), phone);
  expect(await tab.evaluate("document.documentElement.scrollWidth")).toBe(360);
  expect(await tab.evaluate("document.querySelector('#peers .scroll').scrollWidth > 360")).toBe(true);
  await tab.locator("#mesh .dot.carried").tap();
  expect(await tab.locator("#pointed").textContent()).toContain("hotel");
  expect(wrong).toEqual([]);
});

test("1,000 peers are drawn on one canvas and in pages, and one change draws no other row", async () => {
  const mesh = largeMesh();
  const { tab, wrong, served } = await open(mesh);
  expect(await tab.locator("#mesh canvas").count()).toBe(1);
  expect(await names(tab)).toHaveLength(50);
  expect(Number(await tab.evaluate("document.querySelectorAll('*').length"))).toBeLessThan(1_500);
  const colours = await tab.evaluate(`
    (() => {
      const { width, height } = document.querySelector("#mesh canvas");
      const pen = document.querySelector("#mesh canvas").getContext("2d");
      return new Set(new Uint32Array(pen.getImageData(0, 0, width, height).data.buffer)).size;
    })()`);
  expect(Number(colours)).toBeGreaterThan(20);
  const title = tab.locator("#peers [role=status]");
  expect(await title.textContent()).toBe("1 to 50 of 1000");
  await tab.locator("#peers").getByRole("button", { name: "Next" }).click();
  expect(await title.textContent()).toBe("51 to 100 of 1000");
  await tab.getByLabel("Search peers").fill("site7-node7");
  expect(await title.textContent()).toBe("1 to 3 of 3 found, of 1000");
  await tab.getByLabel("Search peers").fill("");
  await markRows(tab);
  const peers = mesh.status.peers.map((peer) =>
    peer.label === "site30-node30" ? { ...peer, state: "down" as const, trouble: "nothing is heard" } : peer,
  );
  served.show({ ...mesh, status: { ...mesh.status, peers } });
  await tab.locator("#news", { hasText: "site30-node30 is down" }).waitFor({ state: "attached" });
  expect(await newRows(tab)).toBe(1);
  expect(wrong).toEqual([]);
});

test.each(["as the daemon tells it", "as no daemon would tell it"])(
  "hostile names are text, %s",
  async (how) => {
    const hostile = [
      ...hostileTexts.map(([, text]) => text),
      `"><img src=x onerror="globalThis.owned=1">`,
      "<svg onload=alert(1)>",
      "javascript:alert(1)",
      "\u202E\u2066\u200F".repeat(2000),
      "ب".repeat(65_536),
    ];
    const peers = hostile.map((text, index) => ({
      ...peerOf(index, text, "10.1.2"),
      way: { kind: "relayed" as const, via: text },
      ...(index % 2 === 0 && { state: "down" as const, trouble: text }),
    }));
    const base = given(peers);
    const state: Given = {
      status: {
        ...base.status,
        node: { ...base.status.node, hostname: hostile[0] ?? "" },
        registries: base.status.registries.map((each) => ({
          ...each,
          name: `${each.name}<script>alert(1)</script>`,
        })),
        warnings: hostile.map((text) => ({ who: text, what: text })),
      },
      events: hostile.map((text, index) => ({
        number: index,
        at: "2026-01-05T09:12:00.000Z",
        level: text,
        text,
      })),
    };
    const served = how === "as the daemon tells it" ? await serve(state) : await rawly(state);
    onTestFinished(() => served.close());
    const { tab, wrong } = await openTab(browser, served.url, phone);
    onTestFinished(() => tab.context().close());
    await tab.getByLabel("Search peers").fill("<script>");
    expect(await names(tab)).toContain("<script>alert(1)</script>");
    await tab.getByLabel("Search peers").fill("");
    expect((await names(tab)).length).toBe(hostile.length);
    expect(await tab.locator("script, img, iframe, svg svg, a").count()).toBe(2); // its own program, and one link
    expect(await tab.evaluate("globalThis.owned")).toBeUndefined();
    expect(await tab.evaluate("document.documentElement.scrollWidth")).toBe(360);
    const heights = await tab.evaluate(
      "[...document.querySelectorAll('#peers tbody tr')].map((row) => row.offsetHeight)",
    );
    expect(Math.max(...(heights as number[]))).toBeLessThan(700);
    const direction = await tab.evaluate(
      "getComputedStyle(document.querySelector('#peers tbody th')).unicodeBidi",
    );
    expect(direction).toBe("isolate");
    expect(wrong).toEqual([]);
  },
);

test("the browser holds the page to its policy: no markup from text, no script but its own, in no frame", async () => {
  const { tab, served } = await open(smallMesh());
  const refused = await tab.evaluate(`
    (() => { try { document.body.innerHTML = "<b>a</b>"; return "taken"; } catch (error) { return error.name; } })()`);
  expect(refused).toBe("TypeError");
  await tab
    .evaluate(`
    const made = document.createElement("button");
    made.setAttribute("onclick", "globalThis.owned = 1");
    document.body.append(made);
    made.click();`)
    .catch(() => {});
  expect(await tab.evaluate("globalThis.owned")).toBeUndefined();
  const elsewhere = await browser.newPage();
  onTestFinished(() => elsewhere.context().close());
  await elsewhere.setContent(`<iframe src="${served.url}"></iframe>`);
  const [, frame] = elsewhere.frames();
  await frame?.waitForLoadState().catch(() => {});
  expect(await frame?.locator("#mesh").count()).toBe(0);
});
