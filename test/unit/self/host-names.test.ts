import { pino } from "pino";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { HostNameWatch } from "../../../src/self/effects/host-name-watch.ts";
import { announcedNames, ownAffiliate } from "../../../src/self/index.ts";
import { config, endpoint, self } from "../mesh/values.ts";

const home = { host: "home.example.org", port: 51_820 };
const until = <Result>(assertion: () => Result): Promise<Result> =>
  vi.waitFor(assertion, { timeout: 45_000, interval: 5 });

/** A watch of one name, with what its resolver answers; an error stands for a name that is not found. */
function watched(first: readonly string[] | Error) {
  let answer = first;
  const onChange = vi.fn();
  const lines: string[] = [];
  const log = pino({ base: null }, { write: (line: string) => void lines.push(line) });
  const resolve = async () => {
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const watch = new HostNameWatch({ names: [home], log, resolve, everyMs: 1 });
  onTestFinished(() => watch.stop());
  return {
    watch,
    onChange,
    lines,
    answers: (next: readonly string[] | Error): void => {
      answer = next;
    },
  };
}
const endpointsOf = ({ answers }: HostNameWatch) => announcedNames(answers).endpoints;
const reasonsOf = ({ answers }: HostNameWatch) => announcedNames(answers).leftOut;

describe("a host name of this node", () => {
  test("is asked for again and again, and what it leads to is announced as it changes", async () => {
    const { watch, onChange, answers } = watched(["203.0.113.7", "2001:db8::7"]);
    expect(reasonsOf(watch)).toEqual([
      { value: "endpoint home.example.org:51820", reason: "not asked for yet" },
    ]);
    watch.start(onChange);
    await until(() => expect(endpointsOf(watch)).toEqual(["2001:db8::7", "203.0.113.7"].map(at)));
    expect(reasonsOf(watch)).toEqual([]);
    answers(["198.51.100.9"]);
    await until(() => expect(endpointsOf(watch)).toEqual(["198.51.100.9"].map(at)));
    expect(onChange).toHaveBeenCalledTimes(2);
  });

  test("that answers in another order is no news", async () => {
    const { watch, onChange, answers, lines } = watched(["203.0.113.7", "203.0.113.8"]);
    watch.start(onChange);
    await until(() => expect(onChange).toHaveBeenCalledTimes(1));
    answers(["203.0.113.8", "203.0.113.7"]);
    answers(["203.0.113.8", "203.0.113.7", "203.0.113.7"]);
    answers(new Error("SERVFAIL"));
    await until(() => expect(onChange).toHaveBeenCalledTimes(2));
    expect(lines).toHaveLength(2);
  });

  test("that is not found keeps what it led to, and status and the log say why, once", async () => {
    const { watch, onChange, answers, lines } = watched(["203.0.113.7"]);
    watch.start(onChange);
    await until(() => expect(endpointsOf(watch)).toHaveLength(1));
    answers(new Error("getaddrinfo EAI_AGAIN"));
    await until(() => expect(reasonsOf(watch)).toHaveLength(1));
    expect(reasonsOf(watch)[0]).toEqual({
      value: "endpoint home.example.org:51820",
      reason: "home.example.org was not found: getaddrinfo EAI_AGAIN; 203.0.113.7:51820 stays announced",
    });
    expect(endpointsOf(watch)).toEqual(["203.0.113.7"].map(at));
    answers(["127.0.0.1", "fe80::1", "nonsense"]);
    await until(() => expect(reasonsOf(watch)[0]?.reason).toContain("no address that other nodes can reach"));
    expect(lines.filter((line) => line.includes("EAI_AGAIN"))).toHaveLength(1);
  });

  test("is announced beside the endpoints that are given by address", () => {
    const own = ownAffiliate(self, config({ extraAnnouncedEndpoints: [at("192.0.2.1")] }), [], [], [], {
      named: [at("203.0.113.7"), at("192.0.2.1")],
    });
    expect(own.affiliate.kubespan?.endpoints).toEqual(["192.0.2.1", "203.0.113.7"].map(at));
  });
});

const at = (address: string) => endpoint(address.includes(":") ? `[${address}]:51820` : `${address}:51820`);
