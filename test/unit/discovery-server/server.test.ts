import { type ClientReadableStream, Metadata, status } from "@grpc/grpc-js";
import { describe, expect, onTestFinished, test } from "vitest";
import { KubespanError } from "../../../src/base/error.ts";
import type { ClusterClient, WatchResponse } from "../../../src/discovery/wire/generated/server.ts";
import { answer, clusterId, freezer, rawClient, service, until } from "../discovery/loopback.ts";

type Seen = { deleted: boolean; ids: string[]; endpoints: number };

interface Watched {
  readonly stream: ClientReadableStream<WatchResponse>;
  readonly seen: Seen[];
  code: status | undefined;
}

function watch(client: ClusterClient): Watched {
  const stream = client.watch({ clusterId });
  onTestFinished(() => stream.cancel());
  const watched: Watched = { stream, seen: [], code: undefined };
  stream.on("error", (error: Error & { code: status }) => {
    watched.code = error.code;
  });
  return watched;
}

const read = (watched: Watched): Watched => {
  watched.stream.on("data", ({ deleted, affiliates }: WatchResponse) => {
    const endpoints = affiliates.reduce((sum, affiliate) => sum + affiliate.endpoints.length, 0);
    watched.seen.push({ deleted, ids: affiliates.map(({ id }) => id), endpoints });
  });
  return watched;
};

const update = (
  client: ClusterClient,
  affiliateId: string,
  parts: { data?: Buffer; endpoints?: Buffer[]; ttlMs?: number; clusterId?: string } = {},
) =>
  answer<object>((done) =>
    client.affiliateUpdate(
      {
        clusterId: parts.clusterId ?? clusterId,
        affiliateId,
        affiliateData: parts.data,
        affiliateEndpoints: parts.endpoints ?? [],
        ttl: {
          seconds: BigInt(Math.floor((parts.ttlMs ?? 60_000) / 1000)),
          nanos: ((parts.ttlMs ?? 0) % 1000) * 1e6,
        },
      },
      done,
    ),
  );

/** On a machine that is busy, a client that is frozen on purpose is so for long. */
const patient = { stallMs: 600_000 };

describe("watching", () => {
  test("begins with the snapshot, even of nothing, and goes on with each change", async () => {
    const client = rawClient((await service()).port);
    const first = read(watch(client));
    await until(() => expect(first.seen).toEqual([{ deleted: false, ids: [], endpoints: 0 }]));
    await update(client, "a", { data: Buffer.from("A"), endpoints: [Buffer.from("1")] });
    await update(client, "b");
    const second = read(watch(client));
    await until(() => expect(second.seen).toEqual([{ deleted: false, ids: ["a", "b"], endpoints: 1 }]));
    await answer((done) => client.affiliateDelete({ clusterId, affiliateId: "b" }, done));
    const gone = { deleted: true, ids: ["b"], endpoints: 0 };
    await until(() => expect(second.seen.at(-1)).toEqual(gone));
    await until(() =>
      expect(first.seen.slice(1)).toEqual([
        { deleted: false, ids: ["a"], endpoints: 1 },
        { deleted: false, ids: ["b"], endpoints: 0 },
        gone,
      ]),
    );
  });

  test("tells what time took away", async () => {
    const client = rawClient((await service()).port);
    const watched = read(watch(client));
    await update(client, "a", { endpoints: [Buffer.from("1")], ttlMs: 300 });
    await update(client, "a", { endpoints: [Buffer.from("2")], ttlMs: 900 });
    await until(() => expect(watched.seen.at(-1)).toEqual({ deleted: true, ids: ["a"], endpoints: 0 }));
    const { affiliates } = await answer<{ affiliates: unknown[] }>((done) =>
      client.list({ clusterId }, done),
    );
    expect(affiliates).toEqual([]);
  });

  test("is cut off for one that does not read, and goes on for the others", async () => {
    const { port } = await service({ bounds: { watchers: { queued: 8 }, call: patient } });
    const between = await freezer(port);
    const [client, slowClient] = [rawClient(port), rawClient(between.port)];
    const [slow, quick] = [read(watch(slowClient)), read(watch(client))];
    await until(() => expect([slow.seen.length, quick.seen.length]).toEqual([1, 1]));
    between.freeze();
    const data = Buffer.alloc(2048);
    // More than fits between the two: HTTP/2 lets 64 KB pass that nobody acknowledged.
    for (let index = 0; index < 100; index++) await update(client, `node-${index}`, { data });
    await until(() => expect(quick.seen.flatMap(({ ids }) => ids)).toHaveLength(100));
    between.thaw();
    await until(() => expect(slow.code).toBe(status.ABORTED));
    expect(slow.seen.length).toBeLessThan(60);
  });

  test("that is slow for a moment hears of the newest state only", async () => {
    const { port } = await service({ bounds: { watchers: { queued: 8 }, call: patient } });
    const between = await freezer(port);
    const [client, slow] = [rawClient(port), read(watch(rawClient(between.port)))];
    await until(() => expect(slow.seen).toHaveLength(1));
    between.freeze();
    for (let index = 0; index < 100; index++) await update(client, "a", { data: Buffer.alloc(2048, index) });
    await update(client, "last");
    between.thaw();
    await until(() => expect(slow.seen.at(-1)?.ids.at(-1)).toBe("last"));
    expect(slow.seen.length).toBeLessThan(60);
    expect(slow.code).toBeUndefined();
  });

  test("by too many is refused", async () => {
    const { port } = await service({ bounds: { watchers: { perCluster: 1 } } });
    const client = rawClient(port);
    const first = read(watch(client));
    await until(() => expect(first.seen).toHaveLength(1));
    const second = read(watch(client));
    await until(() => expect(second.code).toBe(status.RESOURCE_EXHAUSTED));
    first.stream.cancel();
    await until(() => {
      const third = read(watch(client));
      return until(() => expect(third.seen).toHaveLength(1));
    });
  });

  test("ends with the service, which waits for nobody", async () => {
    const server = await service();
    const reading = read(watch(rawClient(server.port)));
    await until(() => expect(reading.seen).toHaveLength(1));
    await server.stop();
    await until(() => expect(reading.code).toBe(status.UNAVAILABLE));
  });
});

describe("requests", () => {
  test("beyond the rate of one address are refused", async () => {
    const { port } = await service({ bounds: { rate: { perSecond: 0.001, burst: 3 } } });
    const client = rawClient(port);
    for (let index = 0; index < 3; index++) await update(client, "a");
    await expect(update(client, "a")).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    const watched = read(watch(client));
    await until(() => expect(watched.code).toBe(status.RESOURCE_EXHAUSTED));
  });

  test.each([
    ["without a cluster", { clusterId: "" }, status.INVALID_ARGUMENT],
    ["of a cluster with a long name", { clusterId: "x".repeat(257) }, status.INVALID_ARGUMENT],
    ["with too much data", { data: Buffer.alloc(2049) }, status.INVALID_ARGUMENT],
    ["with a long endpoint", { endpoints: [Buffer.alloc(33)] }, status.INVALID_ARGUMENT],
    ["that live for no time", { ttlMs: 0 }, status.INVALID_ARGUMENT],
    [
      "with 65 endpoints",
      { endpoints: Array.from({ length: 65 }, (_, index) => Buffer.from([index])) },
      status.RESOURCE_EXHAUSTED,
    ],
    ["of a megabyte", { data: Buffer.alloc(1024 * 1024) }, status.RESOURCE_EXHAUSTED],
  ])("%s are refused", async (_, parts, code) => {
    const client = rawClient((await service()).port);
    await expect(update(client, "a", parts)).rejects.toMatchObject({ code });
    await expect(update(client, "a")).resolves.toEqual({});
  });

  test("that are no messages are refused", async () => {
    const client = rawClient((await service()).port);
    const sent = answer((done) =>
      client.makeUnaryRequest(
        "/sidero.discovery.server.Cluster/AffiliateUpdate",
        () => Buffer.from("0affffffff", "hex"),
        (bytes: Buffer) => bytes,
        {},
        done as (error: Error | null, value?: Buffer) => void,
      ),
    );
    await expect(sent).rejects.toMatchObject({ code: expect.any(Number) });
    await expect(update(client, "a")).resolves.toEqual({});
  });
});

const seen = async (port: number, headers: Record<string, string> = {}): Promise<string> => {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const client = rawClient(port);
  const { clientIp } = await answer<{ clientIp: Buffer }>((done) =>
    client.hello({ clusterId, clientVersion: "test" }, metadata, done),
  );
  return clientIp.join(".");
};

describe("the address that the service sees", () => {
  test("is that of the socket, IPv4 also where the service listens on IPv6", async () => {
    expect(await seen((await service()).port)).toBe("127.0.0.1");
    expect(await seen((await service({ listen: { host: "::", port: 0 } })).port)).toBe("127.0.0.1");
  });

  test("is what a proxy says only where one is trusted", async () => {
    const headers = { "x-real-ip": "198.51.100.7" };
    expect(await seen((await service()).port, headers)).toBe("127.0.0.1");
    expect(await seen((await service({ trust: { hops: 0, realIp: true } })).port, headers)).toBe(
      "198.51.100.7",
    );
  });
});

test("an address that is taken is an error that says so", async () => {
  const { port } = await service();
  const second = service({ listen: { host: "127.0.0.1", port } });
  await expect(second).rejects.toBeInstanceOf(KubespanError);
  await expect(second).rejects.toMatchObject({ code: "conflict", message: /cannot listen on 127\.0\.0\.1/ });
});
