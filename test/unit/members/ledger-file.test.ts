import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { isConnected } from "../../../src/members/index.ts";
import { ledgerText } from "../../../src/members/ledger.ts";
import { address, affiliateNamed, key, otherKey, prefix } from "../discovery/samples.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { boots, fileAt, of, openIn, two } from "./ledger-at.ts";
import { memberOf, membersOf } from "./member.ts";

const nobody = (): typeof two => new Map();

describe("members on disk", () => {
  test("are there at the next start, for nobody else to read", async () => {
    const folder = await temporaryFolder();
    const { ledger } = await openIn(folder);
    expect(ledger.found).toBeUndefined();
    ledger.changed(() => two);
    await ledger.close();
    expect((await stat(ledger.file)).mode & 0o777).toBe(0o600);
    expect((await openIn(folder)).ledger.found).toEqual({
      savedAt: 5_000,
      bootID: boots.first,
      members: two,
    });
  });

  test.each([
    ["the same boot", boots.first, true],
    ["a boot that cannot be told", undefined, true],
    ["another boot", boots.next, false],
  ])("a handshake a minute before a start in %s counts as a connection: %s %s", async (_, bootID, isUp) => {
    const folder = await temporaryFolder();
    const handshakeAt = 600_000;
    const { ledger } = await openIn(folder);
    ledger.changed(() => membersOf(memberOf(affiliateNamed("a"), 1_000, { connectedAt: handshakeAt })));
    await ledger.close();
    const now = handshakeAt + 60_000;
    const { found } = (await openIn(folder, key, { bootID, now })).ledger;
    const [member] = found?.members.values() ?? [];
    expect(member && isConnected(member, now)).toBe(isUp);
    expect(member?.connectedAt).toBeGreaterThan(0);
  });

  test("pod networks of this node are kept with them, and no other text", async () => {
    const folder = await temporaryFolder();
    const { ledger } = await openIn(folder);
    const podNetworks = [prefix("10.244.1.0/24"), prefix("fd10:244::/64"), "nonsense" as never];
    ledger.changed(
      () => two,
      () => podNetworks,
    );
    await ledger.close();
    expect((await openIn(folder)).ledger.found?.podNetworks).toEqual(podNetworks.slice(0, 2));
  });

  test("a burst of changes is one write, soon; the next ones wait; without a change there is none", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const { ledger } = await openIn(await temporaryFolder());
    let asked = 0;
    let known = two;
    const members = (): typeof two => {
      asked++;
      return known;
    };
    for (let change = 0; change < 100; change++) ledger.changed(members);
    vi.advanceTimersByTime(2_000);
    expect(asked).toBe(1);
    for (let second = 0; second < 29; second++) {
      known = of(`later-${second}`);
      ledger.changed(members);
      vi.advanceTimersByTime(1_000);
    }
    expect(asked).toBe(1);
    vi.advanceTimersByTime(1_000);
    expect(asked).toBe(2);
    await ledger.close();
    const before = await readFile(ledger.file, "utf8");
    ledger.changed(members);
    await ledger.close();
    expect(await readFile(ledger.file, "utf8")).toBe(before);
  });

  test("what is new is there before it is steered, in one write for all of a pass; the rest waits", async () => {
    const folder = await temporaryFolder();
    const { ledger } = await openIn(folder);
    const inFile = async () => (await openIn(folder)).ledger.found?.members;
    await ledger.keepNew();
    expect(await inFile()).toBeUndefined();
    for (const members of [of("a"), two]) ledger.changed(() => members);
    await ledger.keepNew();
    expect(await inFile()).toEqual(two);
    const written = await fileAt(ledger.file);
    const seen = membersOf(...[...two.values()].map((member) => ({ ...member, connectedAt: 600_000 })));
    ledger.changed(() => seen);
    await ledger.keepNew();
    expect(await fileAt(ledger.file)).toEqual(written);
    const withNetwork = membersOf(
      ...seen.values(),
      memberOf({ ...affiliateNamed("b"), addresses: [address("203.0.113.77")] }),
    );
    ledger.changed(() => withNetwork);
    await ledger.keepNew();
    expect(await inFile()).toEqual(withNetwork);
    await ledger.close();
  });

  test("what was found at the start is not written again before it is steered", async () => {
    const folder = await temporaryFolder();
    const first = await openIn(folder);
    first.ledger.changed(() => two);
    await first.ledger.close();
    const written = await fileAt(first.ledger.file);
    const { ledger } = await openIn(folder);
    ledger.changed(() => two);
    await ledger.keepNew();
    expect(await fileAt(ledger.file)).toEqual(written);
    await ledger.close();
  });

  test("a write that fails holds nothing up, and is tried again in a while, not in every pass", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const folder = join(await temporaryFolder(), "later");
    const { ledger, log } = await openIn(folder);
    ledger.changed(() => two);
    await ledger.keepNew();
    expect(log.join("")).toContain("not kept");
    await mkdir(folder);
    await ledger.keepNew();
    await expect(stat(ledger.file)).rejects.toThrow("ENOENT");
    vi.advanceTimersByTime(30_000);
    await ledger.keepNew();
    expect((await openIn(folder)).ledger.found?.members).toEqual(two);
    await ledger.close();
  });

  test("the time in the file is renewed now and then although nothing changes", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const { ledger } = await openIn(await temporaryFolder());
    ledger.changed(() => two);
    vi.advanceTimersByTime(2_000);
    let asked = 0;
    ledger.changed(() => {
      asked++;
      return two;
    });
    vi.advanceTimersByTime(60 * 60_000);
    expect(asked).toBeGreaterThan(0);
    await ledger.close();
  });

  test.each([
    ["torn", (text: string) => text.slice(0, text.length / 2)],
    ["empty", () => ""],
    ["too large", () => "x".repeat(9 * 1024 * 1024)],
  ])("a file that is %s is said and not used, and replaced", async (_, spoil) => {
    const folder = await temporaryFolder();
    const { ledger } = await openIn(folder);
    ledger.changed(() => two);
    await ledger.close();
    await writeFile(ledger.file, spoil(await readFile(ledger.file, "utf8")));
    const again = await openIn(folder);
    expect(again.ledger.found).toBeUndefined();
    expect(again.log.join("")).toMatch(/members\.json/);
    again.ledger.changed(() => two);
    await again.ledger.close();
    expect((await openIn(folder)).ledger.found?.members).toEqual(two);
  });

  test("stay known when the cluster gets another secret", async () => {
    const folder = await temporaryFolder();
    const { ledger } = await openIn(folder);
    ledger.changed(() => two);
    await ledger.close();
    expect((await openIn(folder, otherKey)).ledger.found?.members.size).toBe(two.size);
  });

  test("are gone when the node leaves", async () => {
    const folder = await temporaryFolder();
    const { ledger } = await openIn(folder);
    ledger.changed(() => two);
    await ledger.close();
    ledger.changed(() => two);
    await ledger.forget();
    await expect(stat(ledger.file)).rejects.toThrow("ENOENT");
  });

  test("a disk that cannot be written costs one line in the log", async () => {
    const folder = await temporaryFolder();
    const { ledger, log } = await openIn(join(folder, "missing"));
    for (const members of [two, of("c")]) {
      ledger.changed(() => members);
      await ledger.close();
    }
    expect(log.filter((line) => line.includes("not kept"))).toHaveLength(1);
  });

  test.each([
    ["torn", (text: string) => text.slice(0, text.length / 2)],
    ["empty", () => ""],
    ["changed", (text: string) => text.replace(/"content":"..../, '"content":"AAAA')],
    ["of another cluster", () => ledgerText({ id: "another" }, new Map(), 5_000).text],
    ["gone", () => undefined],
  ])(
    "one that is %s leaves what was steered without an owner, and the next one tells so",
    async (_, damage) => {
      const folder = await temporaryFolder();
      const first = await openIn(folder);
      first.ledger.changed(() => two);
      await first.ledger.close();
      const damaged = damage(await readFile(first.ledger.file, "utf8"));
      await (damaged === undefined ? rm(first.ledger.file) : writeFile(first.ledger.file, damaged));
      const steered = [prefix("10.244.2.0/24"), prefix("203.0.113.2/32")];
      const { ledger } = await openIn(folder, key, undefined, steered);
      expect([ledger.found, ledger.ownerless]).toEqual([undefined, { networks: steered, since: 5_000 }]);
      ledger.changed(nobody, undefined, () => ledger.ownerless);
      await ledger.close();
      const next = await openIn(folder, key, undefined, [prefix("192.0.2.0/24")]);
      expect(next.ledger.found?.members.size).toBe(0);
      expect(next.ledger.ownerless).toEqual({ networks: steered, since: 5_000 });
    },
  );

  test("a whole ledger, and none where nothing was steered, leave nothing without an owner", async () => {
    const folder = await temporaryFolder();
    expect((await openIn(folder)).ledger.ownerless.networks).toEqual([]);
    const { ledger } = await openIn(folder);
    ledger.changed(() => two);
    await ledger.close();
    const again = await openIn(folder, key, undefined, [prefix("10.244.2.0/24")]);
    expect(again.ledger.ownerless.networks).toEqual([]);
  });
});
