import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bindingRequest, mappedEndpoint } from "../../../src/stun/message.ts";

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replace(/\s/g, ""), "hex"));

const transaction = bytes("b7e7a701bc34d686fa87dfae");
const software = "8022000b 7465737420766563746f7220";
/** The sample responses of RFC 5769, sections 2.2 and 2.3. */
const vectors = {
  "192.0.2.1:32853": `0101003c 2112a442 b7e7a701bc34d686fa87dfae ${software} 00200008 0001a147 e112a643
    00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7 80280004 c07d4c96`,
  "[2001:db8:1234:5678:11:2233:4455:6677]:32853": `01010048 2112a442 b7e7a701bc34d686fa87dfae ${software}
    00200014 0002a147 0113a9faa5d3f179bc25f4b5bed2b9d9
    00080014 a382954e4be67bf11784c97c8292c275bfe3ed41 80280004 c8fb0b4c`,
};
const ipv4 = bytes(vectors["192.0.2.1:32853"]);

/** A success response with these attributes and nothing else. */
const response = (attributes: string): Uint8Array => {
  const body = bytes(attributes);
  const length = body.length.toString(16).padStart(4, "0");
  return bytes(`0101${length}2112a442b7e7a701bc34d686fa87dfae${Buffer.from(body).toString("hex")}`);
};

describe("mappedEndpoint", () => {
  test.each(Object.entries(vectors))("the RFC's sample says %s", (endpoint, hex) => {
    expect(mappedEndpoint(bytes(hex), transaction)).toBe(endpoint);
  });

  test("a server of the old kind says it without a mask; the mask wins where both are there", () => {
    const plain = "00010008 00011234 cb007101";
    expect(mappedEndpoint(response(plain), transaction)).toBe("203.0.113.1:4660");
    expect(mappedEndpoint(response(`${plain} 00200008 0001a147e112a643`), transaction)).toBe(
      "192.0.2.1:32853",
    );
  });

  test.each([
    ["another transaction", ipv4, bytes("00e7a701bc34d686fa87dfae")],
    ["a request", bindingRequest(transaction), transaction],
    ["an error response", bytes("01110000 2112a442 b7e7a701bc34d686fa87dfae"), transaction],
    ["no attribute", response(""), transaction],
    ["one that has to be understood and is not", response("00200008 0001a147e112a643 7fff0000"), transaction],
    ["an attribute that is cut off", response("00200008 0001a147"), transaction],
    ["half an attribute's head", response("00200008 0001a147e112a643 0001"), transaction],
    ["a family that there is not", response("00200008 0003a147e112a643"), transaction],
    ["an IPv6 address of four bytes", response("00200008 0002a147e112a643"), transaction],
    ["port 0", response("00010008 00010000 cb007101"), transaction],
    ["more than it says", new Uint8Array([...ipv4, 0, 0, 0, 0]), transaction],
    ["nothing", new Uint8Array(), transaction],
  ])("%s is not believed", (_, packet, id) => {
    expect(mappedEndpoint(packet, id)).toBeUndefined();
  });

  test("any change of any byte: an endpoint or none, and never an exception", () => {
    const changed = fc
      .tuple(fc.nat(ipv4.length - 1), fc.nat(255), fc.nat(ipv4.length))
      .map(([at, value, end]) => {
        const packet = Uint8Array.from(ipv4);
        packet[at] = value;
        return packet.subarray(0, end);
      });
    fc.assert(
      fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 64 })), (packet) => {
        expect(mappedEndpoint(packet, transaction) ?? "1.2.3.4:5").toMatch(/:\d+$/);
      }),
    );
  });
});

test("a request is the header with our transaction, and the name of the software to make it long enough", () => {
  expect(Buffer.from(bindingRequest(transaction)).toString("hex")).toBe(
    `000100182112a442b7e7a701bc34d686fa87dfae80220014${Buffer.from("kubespan            ").toString("hex")}`,
  );
});
