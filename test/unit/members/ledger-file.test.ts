import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { LedgerFile } from "../../../src/members/effects/ledger-file.ts";
import { isConnected } from "../../../src/members/index.ts";
import { address, affiliateNamed, idOf, key, otherKey, prefix } from "../discovery/samples.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { memberOf, membersOf } from "./member.ts";

interface Opened {
  readonly ledger: LedgerFile;
  readonly log: string[];
}

const boots = { first: "1a6ac1c5-0f61-4a6f-9e04-e9190e98dc5e", next: "2b7bd2d6-0f61-4a6f-9e04-e9190e98dc5e" };

async function open(
  stateDirectory: string,
  secret = key,
  { bootID, now }: { bootID: string | undefined; now: number } = { bootID: boots.first, now: 5_000 },
): Promise<Opened> {
  const lines: string[] = [];
  const log = pino({ level: "info" }, { write: (line) => lines.push(line) });
  const cluster = { id: "a cluster", secret };
  const ledger = await LedgerFile.open({
    stateDirectory,
    cluster,
    nodeId: idOf("self"),
    log,
    clock: () => now,
    readSetting: async () => bootID,
  });
  return { ledger, log: lines };
}

const of = (...ids: readonly string[]) => membersOf(...ids.map((id) => memberOf(affiliateNamed(id))));
const two = of("a", "b");

/** What tells one written file from the next. */
const fileAt = async (path: string): Promise<readonly number[]> => {
  const { ino, mtimeMs } = await stat(path);
  return [ino, mtimeMs];
};

describe("members on disk", () => {
  test("are there at the next start, for nobody else to read", async () => {
    const folder = await temporaryFolder();
    const { ledger } = await open(folder);
    expect(ledger.found).toBeUndefined();
    ledger.changed(() => two);
    await ledger.close();
    expect((await stat(ledger.file)).mode & 0o777).toBe(0o600);
    expect((await open(folder)).ledger.found).toEqual({
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
    const { ledger } = await open(folder);
    ledger.changed(() => membersOf(memberOf(affiliateNamed("a"), 1_000, { connectedAt: handshakeAt })));
    await ledger.close();
    const now = handshakeAt + 60_000;
    const { found } = (await open(folder, key, { bootID, now })).ledger;
    const [member] = found?.members.values() ?? [];
    expect(member && isConnected(member, now)).toBe(isUp);
    expect(member?.connectedAt).toBeGreaterThan(0);
  });

  test("pod networks of this node are kept with them, and no other text", async () => {
    const folder = await temporaryFolder();
    const { ledger } = await open(folder);
    const podNetworks = [prefix("10.244.1.0/24"), prefix("fd10:244::/64"), "nonsense" as never];
    ledger.changed(
      () => two,
      () => podNetworks,
    );
    await ledger.close();
    expect((await open(folder)).ledger.found?.podNetworks).toEqual(podNetworks.slice(0, 2));
  });

  test("a burst of changes is one write, soon; the next ones wait; without a change there is none", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const { ledger } = await open(await temporaryFolder());
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
    const { ledger } = await open(folder);
    const inFile = async () => (await open(folder)).ledger.found?.members;
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

  describe("a change after the file was written", () => {
    const others = ["a", "b", "c", "d", "e", "f"];
    const gone = {
      ...memberOf(affiliateNamed("gone")),
      standing: "absent",
      since: 2_000,
      why: "für immer",
    } as const;
    const known = of(...others);
    const later = membersOf(...known.values(), memberOf(affiliateNamed("new")), gone);
    const withNetwork = membersOf(
      ...later.values(),
      memberOf({ ...affiliateNamed("new"), addresses: [address("203.0.113.77")] }),
    );

    /** A folder in which the file holds the first members, and the journal two changes of them. */
    async function changedTwice(): Promise<{ folder: string; journal: string; file: string }> {
      const folder = await temporaryFolder();
      const { ledger } = await open(folder);
      ledger.changed(() => known);
      await ledger.keepNew();
      const written = await fileAt(ledger.file);
      for (const members of [later, withNetwork]) {
        ledger.changed(() => members);
        await ledger.keepNew();
        expect((await open(folder)).ledger.found?.members).toEqual(members);
      }
      expect(await fileAt(ledger.file)).toEqual(written);
      return { folder, journal: join(folder, "members.journal"), file: ledger.file };
    }

    test("is added to a journal, which nobody else can read, and the file stays", async () => {
      const { journal } = await changedTwice();
      expect((await readFile(journal, "utf8")).trimEnd().split("\n")).toHaveLength(2);
      expect((await stat(journal)).mode & 0o777).toBe(0o600);
    });

    test("that was torn at any place leaves what was there before it", async () => {
      const { folder, journal } = await changedTwice();
      const whole = await readFile(journal);
      const first = whole.indexOf("\n") + 1;
      for (let bytes = 0; bytes < whole.length; bytes += 149) {
        await writeFile(journal, whole.subarray(0, bytes));
        const expected = bytes < first - 1 ? known : bytes < whole.length - 1 ? later : withNetwork;
        expect((await open(folder)).ledger.found?.members).toEqual(expected);
      }
    });

    test("that is not what was written there, or follows another file, is not read", async () => {
      const { folder, journal, file } = await changedTwice();
      const lines = (await readFile(journal, "utf8")).split("\n");
      await writeFile(journal, lines.toReversed().join("\n"));
      expect((await open(folder)).ledger.found?.members).toEqual(known);
      const changed = lines.map((line) => line.replace('"number":', '"number":1'));
      expect(changed).not.toEqual(lines);
      await writeFile(journal, changed.join("\n"));
      expect((await open(folder)).ledger.found?.members).toEqual(known);
      await writeFile(journal, lines.join("\n"));
      const { ledger } = await open(await temporaryFolder(), key, { bootID: boots.first, now: 6_000 });
      ledger.changed(() => two);
      await ledger.close();
      await writeFile(file, await readFile(ledger.file));
      expect((await open(folder)).ledger.found?.members).toEqual(two);
    });

    test("is in the file alone once the daemon ends", async () => {
      const folder = await temporaryFolder();
      const { ledger } = await open(folder);
      for (const members of [known, withNetwork]) {
        ledger.changed(() => members);
        await ledger.keepNew();
      }
      expect((await stat(join(folder, "members.journal"))).size).toBeGreaterThan(0);
      await ledger.close();
      await expect(stat(join(folder, "members.journal"))).rejects.toThrow("ENOENT");
      expect((await open(folder)).ledger.found?.members).toEqual(withNetwork);
    });

    test("goes into the file where the journal cannot be written, or a member is gone", async () => {
      const { folder, journal } = await changedTwice();
      const { ledger } = await open(folder);
      ledger.changed(() => known);
      await ledger.close();
      expect((await open(folder)).ledger.found?.members).toEqual(known);
      await rm(journal, { force: true });
      await mkdir(journal);
      ledger.changed(() => later);
      await ledger.close();
      await rm(journal, { recursive: true });
      expect((await open(folder)).ledger.found?.members).toEqual(later);
    });

    test("goes into the file once the journal would be half as long", async () => {
      const folder = await temporaryFolder();
      const { ledger } = await open(folder);
      let members = known;
      const files = new Set<string>();
      for (let change = 0; change < 12; change++) {
        members = membersOf(...members.values(), memberOf(affiliateNamed(`more-${change}`)));
        ledger.changed(() => members);
        await ledger.keepNew();
        files.add((await fileAt(ledger.file)).join());
        expect((await open(folder)).ledger.found?.members).toEqual(members);
      }
      expect(files.size).toBeGreaterThan(1);
      expect(files.size).toBeLessThan(12);
      await ledger.close();
    });
  });

  test("what was found at the start is not written again before it is steered", async () => {
    const folder = await temporaryFolder();
    const first = await open(folder);
    first.ledger.changed(() => two);
    await first.ledger.close();
    const written = await fileAt(first.ledger.file);
    const { ledger } = await open(folder);
    ledger.changed(() => two);
    await ledger.keepNew();
    expect(await fileAt(ledger.file)).toEqual(written);
    await ledger.close();
  });

  test("a write that fails holds nothing up, and is tried again in a while, not in every pass", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const folder = join(await temporaryFolder(), "later");
    const { ledger, log } = await open(folder);
    ledger.changed(() => two);
    await ledger.keepNew();
    expect(log.join("")).toContain("not kept");
    await mkdir(folder);
    await ledger.keepNew();
    await expect(stat(ledger.file)).rejects.toThrow("ENOENT");
    vi.advanceTimersByTime(30_000);
    await ledger.keepNew();
    expect((await open(folder)).ledger.found?.members).toEqual(two);
    await ledger.close();
  });

  test("the time in the file is renewed now and then although nothing changes", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const { ledger } = await open(await temporaryFolder());
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
    const { ledger } = await open(folder);
    ledger.changed(() => two);
    await ledger.close();
    await writeFile(ledger.file, spoil(await readFile(ledger.file, "utf8")));
    const again = await open(folder);
    expect(again.ledger.found).toBeUndefined();
    expect(again.log.join("")).toMatch(/members\.json/);
    again.ledger.changed(() => two);
    await again.ledger.close();
    expect((await open(folder)).ledger.found?.members).toEqual(two);
  });

  test("stay known when the cluster gets another secret", async () => {
    const folder = await temporaryFolder();
    const { ledger } = await open(folder);
    ledger.changed(() => two);
    await ledger.close();
    expect((await open(folder, otherKey)).ledger.found?.members.size).toBe(two.size);
  });

  test("are gone when the node leaves", async () => {
    const folder = await temporaryFolder();
    const { ledger } = await open(folder);
    ledger.changed(() => two);
    await ledger.close();
    ledger.changed(() => two);
    await ledger.forget();
    await expect(stat(ledger.file)).rejects.toThrow("ENOENT");
  });

  test("a disk that cannot be written costs one line in the log", async () => {
    const folder = await temporaryFolder();
    const { ledger, log } = await open(join(folder, "missing"));
    for (const members of [two, of("c")]) {
      ledger.changed(() => members);
      await ledger.close();
    }
    expect(log.filter((line) => line.includes("not kept"))).toHaveLength(1);
  });
});
