import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KubespanError } from "../../../src/base/error.ts";
import { parseDump } from "../../../src/wireguard/index.ts";
import { key } from "../mesh/values.ts";

const privateKey = key(100);
const presharedKey = key(101);
const device = `${privateKey}\t${key(0)}\t51820\t0x20`;
const connected = `${key(2)}\t${presharedKey}\t198.51.100.2:51820\t10.0.0.0/24,fd00:0:0:2::2/128\t1700000000\t10\t20\t25`;
const fresh = `${key(3)}\t(none)\t(none)\t(none)\t0\t0\t0\toff`;

describe("parseDump", () => {
  it("reads a device with peers", () => {
    const { peers, privateKey: own, ...rest } = parseDump(`${[device, connected, fresh].join("\n")}\n`);
    expect(own?.revealBase64()).toBe(privateKey);
    expect(rest).toEqual({ listenPort: 51820, firewallMark: 0x20 });
    expect(peers.get(key(2))).toMatchObject({
      endpoint: "198.51.100.2:51820",
      allowedIPs: ["10.0.0.0/24", "fd00:0:0:2::2/128"],
      handshakeAt: 1_700_000_000_000,
      receivedBytes: 10,
      sentBytes: 20,
      keepaliveSeconds: 25,
    });
    expect(peers.get(key(2))?.presharedKey?.revealBase64()).toBe(presharedKey);
    expect(peers.get(key(3))).toEqual({
      publicKey: key(3),
      allowedIPs: [],
      receivedBytes: 0,
      sentBytes: 0,
      keepaliveSeconds: 0,
    });
  });

  it("reads a device that was just made", () => {
    expect(parseDump("(none)\t(none)\t0\toff\n")).toEqual({
      listenPort: 0,
      firewallMark: 0,
      peers: new Map(),
    });
  });

  it("keeps what stands in the dump as before, in any order, and reads what does not", () => {
    const changed = fresh.replace("\t0\t0\t0\t", "\t1700000000\t7\t0\t");
    const before = parseDump([device, connected, fresh].join("\n"));
    const text = [device, changed, connected].join("\n");
    const after = parseDump(text, before);
    expect(after).toEqual(parseDump(text));
    expect(after.peers.get(key(2))).toBe(before.peers.get(key(2)));
    expect(after.peers.get(key(3))).toMatchObject({ receivedBytes: 7 });
  });

  it("takes an endpoint with a zone for none", () => {
    const zoned = connected.replace("198.51.100.2:51820", "[fe80::1%eth0]:51820");
    expect(parseDump(`${device}\n${zoned}\n`).peers.get(key(2))?.endpoint).toBeUndefined();
  });

  it("refuses anything else with an error that holds no key", () => {
    const lines = [device, connected, fresh];
    const damage = fc.tuple(fc.nat(2), fc.nat(7), fc.string({ maxLength: 60 }));
    fc.assert(
      fc.property(damage, ([line, field, text]) => {
        const changed = lines.map((each, index) =>
          index === line
            ? each
                .split("\t")
                .with(field % each.split("\t").length, text)
                .join("\t")
            : each,
        );
        try {
          parseDump(changed.join("\n"));
        } catch (error) {
          if (!(error instanceof KubespanError)) throw error;
          for (const secret of [privateKey, presharedKey]) expect(error.message).not.toContain(secret);
        }
      }),
    );
  });

  it("survives any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        try {
          parseDump(text);
        } catch (error) {
          expect(error).toBeInstanceOf(KubespanError);
        }
      }),
    );
  });
});
