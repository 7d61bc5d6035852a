import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { address, affiliateNamed, key } from "../discovery/samples.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { boots, fileAt, of, openIn, two } from "./ledger-at.ts";
import { memberOf, membersOf } from "./member.ts";

describe("a change of members after the file was written", () => {
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
    const { ledger } = await openIn(folder);
    ledger.changed(() => known);
    await ledger.keepNew();
    const written = await fileAt(ledger.file);
    for (const members of [later, withNetwork]) {
      ledger.changed(() => members);
      await ledger.keepNew();
      expect((await openIn(folder)).ledger.found?.members).toEqual(members);
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
      expect((await openIn(folder)).ledger.found?.members).toEqual(expected);
    }
  });

  test("that is not what was written there, or follows another file, is not read", async () => {
    const { folder, journal, file } = await changedTwice();
    const lines = (await readFile(journal, "utf8")).split("\n");
    await writeFile(journal, lines.toReversed().join("\n"));
    expect((await openIn(folder)).ledger.found?.members).toEqual(known);
    const changed = lines.map((line) => line.replace('"number":', '"number":1'));
    expect(changed).not.toEqual(lines);
    await writeFile(journal, changed.join("\n"));
    expect((await openIn(folder)).ledger.found?.members).toEqual(known);
    await writeFile(journal, lines.join("\n"));
    const { ledger } = await openIn(await temporaryFolder(), key, { bootID: boots.first, now: 6_000 });
    ledger.changed(() => two);
    await ledger.close();
    await writeFile(file, await readFile(ledger.file));
    expect((await openIn(folder)).ledger.found?.members).toEqual(two);
  });

  test("is in the file alone once the daemon ends", async () => {
    const folder = await temporaryFolder();
    const { ledger } = await openIn(folder);
    for (const members of [known, withNetwork]) {
      ledger.changed(() => members);
      await ledger.keepNew();
    }
    expect((await stat(join(folder, "members.journal"))).size).toBeGreaterThan(0);
    await ledger.close();
    await expect(stat(join(folder, "members.journal"))).rejects.toThrow("ENOENT");
    expect((await openIn(folder)).ledger.found?.members).toEqual(withNetwork);
  });

  test("goes into the file where the journal cannot be written, or a member is gone", async () => {
    const { folder, journal } = await changedTwice();
    const { ledger } = await openIn(folder);
    ledger.changed(() => known);
    await ledger.close();
    expect((await openIn(folder)).ledger.found?.members).toEqual(known);
    await rm(journal, { force: true });
    await mkdir(journal);
    ledger.changed(() => later);
    await ledger.close();
    await rm(journal, { recursive: true });
    expect((await openIn(folder)).ledger.found?.members).toEqual(later);
  });

  test("goes into the file once the journal would be half as long", async () => {
    const folder = await temporaryFolder();
    const { ledger } = await openIn(folder);
    let members = known;
    const files = new Set<string>();
    for (let change = 0; change < 12; change++) {
      members = membersOf(...members.values(), memberOf(affiliateNamed(`more-${change}`)));
      ledger.changed(() => members);
      await ledger.keepNew();
      files.add((await fileAt(ledger.file)).join());
      expect((await openIn(folder)).ledger.found?.members).toEqual(members);
    }
    expect(files.size).toBeGreaterThan(1);
    expect(files.size).toBeLessThan(12);
    await ledger.close();
  });
});
