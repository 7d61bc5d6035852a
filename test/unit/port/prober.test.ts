import { pino } from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Endpoint } from "../../../src/net/index.ts";
import { Prober } from "../../../src/port/effects/prober.ts";
import { bindingAnswer } from "../../../src/stun/index.ts";

const server = "198.51.100.9:3000" as Endpoint;
const here = "203.0.113.1:41821" as Endpoint;

/** A prober with one server; gives what it sent. */
function probing() {
  const sent: { readonly packet: Uint8Array; readonly to: Endpoint }[] = [];
  const onChange = vi.fn();
  const prober = new Prober({
    send: (packet, to) => void sent.push({ packet, to }),
    newTransaction: () => new Uint8Array(12).fill(sent.length + 1),
    clock: () => 1_000,
    log: pino({ level: "silent" }),
    onChange,
    resolve: async () => ["198.51.100.9"],
  });
  onTestFinished(() => prober.stop());
  prober.follow([{ host: "stun.example.org", port: 3000 }]);
  return { prober, sent, onChange };
}

test("a server is asked at the address of its name, and its answer is what it sees; no other answer is believed", async () => {
  const { prober, sent, onChange } = probing();
  await vi.waitFor(() => expect(sent[0]?.to).toBe(server));
  const request = sent[0]?.packet ?? new Uint8Array();
  const answer = bindingAnswer(request, here) ?? new Uint8Array();
  const guessed = Uint8Array.from(answer);
  guessed[19] = (guessed[19] ?? 0) ^ 1;
  prober.receive(answer, "198.51.100.66:3000" as Endpoint);
  prober.receive(guessed, server);
  prober.receive(request, server);
  expect(prober.mapping.observations).toEqual([]);
  prober.receive(answer, server);
  const observer = "stun.example.org:3000";
  expect(prober.mapping.observations).toEqual([
    { observer, by: "server", endpoint: here, since: 1000, at: 1000 },
  ]);
  expect(onChange).toHaveBeenCalled();
  prober.receive(bindingAnswer(request, "203.0.113.1:1" as Endpoint) ?? answer, server);
  expect(prober.mapping.observations[0]?.endpoint).toBe(here);
});

test("what a server said is forgotten when it is followed no more", async () => {
  const { prober, sent } = probing();
  await vi.waitFor(() => expect(sent).not.toEqual([]));
  prober.receive(bindingAnswer(sent[0]?.packet ?? new Uint8Array(), here) ?? new Uint8Array(), server);
  expect(prober.mapping.observations).toHaveLength(1);
  prober.follow([]);
  expect(prober.mapping).toEqual({ observations: [], problems: [] });
});
