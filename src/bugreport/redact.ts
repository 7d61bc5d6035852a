import type { Secret } from "../base/index.ts";

const placeholder = "[secret]";
/** A shorter text is no secret that could be told from other words. */
const shortest = 6;

/**
 * Makes a function that replaces secrets in a text: those that are known, in every form in which a program may have
 * written them, and whatever stands where keys, passwords and tokens usually stand.
 */
export function redactor(secrets: readonly Secret[]): (text: string) => string {
  const forms = [...new Set(secrets.flatMap(formsOf))].filter(({ length }) => length >= shortest);
  const longestFirst = forms.toSorted((left, right) => right.length - left.length);
  return (text) => {
    let clean = text;
    for (const form of longestFirst) clean = clean.replaceAll(form, placeholder);
    for (const { pattern, kept } of usual) clean = clean.replace(pattern, `${kept}${placeholder}`);
    return clean;
  };
}

function formsOf(secret: Secret): string[] {
  const bytes = Buffer.from(secret.reveal());
  const text = bytes.toString("utf8");
  const base64 = bytes.toString("base64");
  const hex = bytes.toString("hex");
  return [
    ...[base64, bytes.toString("base64url")].flatMap((each) => [each, each.replace(/=+$/, "")]),
    encodeURIComponent(base64),
    hex,
    hex.toUpperCase(),
    text,
    encodeURIComponent(text),
    text.split(":").slice(1).join(":"),
  ];
}

/** The places where secrets usually stand, with what is kept of the match. */
const usual: readonly { readonly pattern: RegExp; readonly kept: string }[] = [
  { pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?-----END [A-Z ]*PRIVATE KEY-----/g, kept: "" },
  { pattern: /(\/\/)[^\s/@:"']+:[^\s/@"']+(?=@)/g, kept: "$1" },
  { pattern: /\b(Bearer\s+)[\w.~+/-]+=*/gi, kept: "$1" },
  { pattern: /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, kept: "" },
  {
    pattern:
      /((?:private|preshared|shared)[ _-]?key|clusterSecret|secret|password|passwd|token)(["']?\s*[:=]\s*["']?)(?!\[secret\]|\(hidden\)|\(none\))[^\s"',}]{6,}/gi,
    kept: "$1$2",
  },
];
