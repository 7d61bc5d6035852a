import { createServer, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { status } from "@grpc/grpc-js";
import { describe, expect, onTestFinished, test } from "vitest";
import { encodeAffiliate } from "../../../src/discovery/encode.ts";
import { sealEndpoint } from "../../../src/discovery/envelope.ts";
import { errorOf } from "../../../src/discovery/registry-state.ts";
import { sealData } from "../../../src/discovery/seal.ts";
import { fakeService, idsOf, node, plainService, service, until } from "./loopback.ts";
import { affiliateNamed, endpoint, idOf, key, nameOf } from "./samples.ts";

const towards = (target: string): Promise<number> =>
  fakeService({
    hello: (_, done) => done(null, { redirect: { endpoint: target }, clientIp: Buffer.alloc(0) }),
  });

describe("a redirect", () => {
  test("is followed, also for a farewell", async () => {
    const { port } = await service();
    const first = await towards(`127.0.0.1:${await towards(`127.0.0.1:${port}`)}`);
    const [a, b] = [node("a", first), node("b", port)];
    await until(() => expect([idsOf(a), idsOf(b)]).toEqual([["b"], ["a"]]));
    await a.withdraw();
    await until(() => expect(idsOf(b)).toEqual([]));
  });

  test("in circles is not followed for ever", async () => {
    let hellos = 0;
    const port: number = await fakeService({
      hello: (_, done) => {
        hellos++;
        done(null, { redirect: { endpoint: `127.0.0.1:${port}` }, clientIp: Buffer.alloc(0) });
      },
    });
    await expect(node("a", plainService(port), { publishes: false }).withdraw()).rejects.toThrow(
      /in circles/,
    );
    expect(hellos).toBeGreaterThanOrEqual(4);
  });

  test.each(["https://192.0.2.1:443", "http://192.0.2.1", "\u001b[2J"])(
    "to %j is refused",
    async (target) => {
      const a = node("a", await towards(target));
      await until(() => expect(errorOf(a.state())).toMatch(/which is not host:port/));
      expect(errorOf(a.state())).not.toContain("\u001b");
    },
  );
});

const hello = {
  hello: (_: unknown, done: (error: null, value: { clientIp: Buffer }) => void) =>
    done(null, { clientIp: Buffer.from([1, 2, 3]) }),
};
const accepting = {
  ...hello,
  affiliateUpdate: (_: unknown, done: (error: null, value: object) => void) => done(null, {}),
};
const sealed = (name: string, inside = name) => ({
  id: idOf(name),
  data: sealData(key, new Uint8Array(12), encodeAffiliate(affiliateNamed(inside))),
  endpoints: [] as Buffer[],
});

const framed = (bytes: Buffer): Buffer => {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
};

/** Answers Hello well, and then everything with these bytes, as one message. */
async function serviceThatSends(message: Buffer): Promise<number> {
  const server: Http2Server = createServer().on("stream", (stream, headers) => {
    stream.on("error", () => undefined); // the client may hang up on what it gets
    stream.respond({ "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": 0 }));
    const isHello = headers[":path"]?.endsWith("/Hello");
    const from123 = Buffer.from("1203010203", "hex");
    if (headers[":path"]?.endsWith("/Watch")) stream.write(framed(message));
    else stream.end(framed(isHello ? from123 : Buffer.alloc(0)));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe("one message of a hostile service", () => {
  test.each([
    ["of two million empty affiliates", "0a00", 4 * 1024 * 1024, /more than 1024 affiliates/],
    ["of fields that nobody knows", "7801", 4 * 1024 * 1024, /too many fields/],
    ["that is larger than anything within the limits", "0a00", 8_388_576, /larger than max/],
  ])("%s is not decoded, and ends the session with a reason", async (_, pattern, length, reason) => {
    const port = await serviceThatSends(Buffer.alloc(length, Buffer.from(pattern, "hex")));
    const a = node("a", port);
    await until(() => expect(errorOf(a.state())).toMatch(reason));
    expect(a.state()).toMatchObject({ phase: "connecting", affiliates: 0, refused: [] });
  });
});

describe("a hostile service", () => {
  test("that exchanges two affiliates is found out", async () => {
    const port = await fakeService({
      ...accepting,
      watch: (stream) =>
        stream.write({ affiliates: [sealed("b", "c"), sealed("c", "b"), sealed("d")], deleted: false }),
    });
    const a = node("a", port);
    await until(() => expect(idsOf(a)).toEqual(["d"]));
    expect(a.state().refused).toMatchObject([
      { nodeId: idOf("b"), reason: /that of another node, cZ/ },
      { nodeId: idOf("c"), reason: /that of another node, bZ/ },
    ]);
    expect(a.state().reflected).toBeUndefined();
  });

  test("that ends the watch is asked again, and believed in between", async () => {
    let watches = 0;
    const port = await fakeService({
      ...accepting,
      watch: (stream) => {
        watches++;
        stream.write({ affiliates: [sealed("b")], deleted: false });
        stream.end();
      },
    });
    const a = node("a", port);
    await until(() => expect(watches).toBeGreaterThan(2));
    expect(idsOf(a)).toEqual(["b"]);
  });

  test("whose largest snapshot fits", async () => {
    const sealedEndpoints = Array.from({ length: 64 }, (_, index) =>
      sealEndpoint(key, endpoint(`[2001:db8::1]:${1000 + index}`)),
    );
    const affiliates = Array.from({ length: 1024 }, (_, index) => {
      const id = `${index}`.padStart(52, "x");
      const long = { ...affiliateNamed(id), operatingSystem: "x".repeat(256), hostname: "h".repeat(253) };
      return {
        id,
        data: sealData(key, new Uint8Array(12), encodeAffiliate(long)),
        endpoints: sealedEndpoints,
      };
    });
    const port = await fakeService({
      ...accepting,
      watch: (stream) => stream.write({ affiliates, deleted: false }),
    });
    const a = node("a", port);
    await until(() => expect(a.state().affiliates).toBe(1024));
  });

  test("that refuses observed endpoints is not given up", async () => {
    const updates: string[] = [];
    const port = await fakeService({
      ...hello,
      watch: (stream) => stream.write({ affiliates: [], deleted: false }),
      affiliateUpdate: ({ request }, done) => {
        updates.push(nameOf(request.affiliateId));
        if (request.affiliateData) done(null, {});
        else done({ code: status.RESOURCE_EXHAUSTED, details: "full" });
      },
    });
    const a = node("a", port);
    await until(() => expect(updates).toEqual(["a"]));
    a.publish({
      own: affiliateNamed("a", "192.0.2.1:51820"),
      observed: new Map([[idOf("b"), [endpoint("198.51.100.7:4000")]]]),
    });
    await until(() => expect(updates).toEqual(["a", "b"]));
    a.publish({
      own: affiliateNamed("a", "192.0.2.1:51821"),
      observed: new Map([[idOf("b"), [endpoint("198.51.100.7:4000")]]]),
    });
    await until(() => expect(updates).toEqual(["a", "b", "a"]));
    expect(a.state().phase).toBe("connected");
  });
});
