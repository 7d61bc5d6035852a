/** A failure in words: what happened, and what to do about it. */
interface Failure {
  readonly text: string;
  readonly hint: string;
}

/** A rule that knows a failure by what the libraries for gRPC and TLS say of it, and says it in words of ours. */
interface Rule {
  readonly form: RegExp;
  readonly text: string | ((match: RegExpExecArray) => string);
  readonly hint: string | ((isTLS: boolean) => string);
}

const again = "; it is tried again";
const scheme = "check the port, and https or http in the endpoint";

/** The first rule that matches counts. */
const rules: readonly Rule[] = [
  {
    form: /ECONNREFUSED (\S+[^.\s])/,
    text: ([, at = "it"]) => `the connection was refused by ${at}`,
    hint: `check that it runs there, and the port in the endpoint${again}`,
  },
  {
    form: /Name resolution failed|waiting for name resolution|ENOTFOUND|EAI_/,
    text: "its name does not resolve here",
    hint: `check the name in the endpoint, and the DNS of this node (/etc/resolv.conf)${again}`,
  },
  {
    form: /EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL/,
    text: "no way leads there from this node",
    hint: `check the routes of this node, and firewalls on the way${again}`,
  },
  {
    form: /EPERM|EACCES/,
    text: "a firewall of this node refuses the connection",
    hint: `check its rules for outgoing packets${again}`,
  },
  {
    form: /ETIMEDOUT/,
    text: "nothing answers there",
    hint: `check that it runs, and firewalls on the way${again}`,
  },
  {
    form: /certificate has expired|CERT_HAS_EXPIRED/i,
    text: "its certificate has expired",
    hint: "renew it; if it is valid still, set the clock of this node, which is ahead",
  },
  {
    form: /not yet valid/i,
    text: "its certificate is not valid yet",
    hint: "set the clock of this node if that is behind, or wait until the certificate is valid",
  },
  {
    form: /altnames/i,
    text: "its certificate is not trusted for this name",
    hint: "the endpoint has to have a name it was issued for",
  },
  {
    form: /alert (?:certificate required|bad certificate|handshake failure)/i,
    text: "it wants to see a certificate of this node",
    hint: "kubespan has none to show: use a service that does not ask for one",
  },
  {
    form: /alert no application protocol/i,
    text: "something answers there with TLS that is not a discovery service",
    hint: scheme,
  },
  {
    form: /wrong version number|packet length|EPROTO|SSL routines/i,
    text: "it does not speak TLS there",
    hint: `${scheme}: it may not speak TLS at all`,
  },
  {
    form: /certificate|self.signed/i,
    text: "its certificate is not trusted: no authority that this node knows has issued it",
    hint: "name the PEM file of its authority in serviceCAFiles (KubeSpanDaemonConfig)",
  },
  {
    form: /Protocol error/i,
    text: "something answers there that is not a discovery service",
    hint: scheme,
  },
  {
    form: /Failed to connect|ECONNRESET|EPIPE|disconnected before|hang up/i,
    text: "it closed the connection at once",
    hint: (isTLS) =>
      isTLS
        ? `see the log of the service${again}`
        : `if it speaks TLS, the endpoint begins with https${again}`,
  },
  {
    form: /Connection dropped|RST_STREAM|GOAWAY|keepalive|Stream refused/i,
    text: "the connection broke",
    hint: `check that it runs, and the path to it${again}`,
  },
];

/** The failure that the libraries tell in their own words; `undefined` for words that are none of theirs. */
export function connectionFailure(details: string, isTLS: boolean): Failure | undefined {
  for (const { form, text, hint } of rules) {
    const match = form.exec(details);
    if (match)
      return {
        text: typeof text === "string" ? text : text(match),
        hint: typeof hint === "string" ? hint : hint(isTLS),
      };
  }
  return undefined;
}

/** What is left of a library's message that no rule knows: without its frame, and without the time that it adds. */
export const unframed = (details: string): string =>
  details
    .replace(/^No connection established\. Last error: (?:Error: )?/, "")
    .replace(/\.? Resolution note: ?$/, "")
    .replace(/ \(\d{4}-\d\d-\d\dT[\d:.]+Z\)/g, "");
