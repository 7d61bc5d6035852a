/** A shell block of a document, and what the comment above it says is to be done with it. */
export interface Block {
  readonly line: number;
  readonly script: string;
  /** `repeat`: it is run until it prints what the page promises. `stand in`: the test does the same with other means, since the programs that the block names are not there. */
  readonly action: "run" | "repeat" | "keep running" | "stand in" | "leave out" | undefined;
  /** `first` in `<!-- run on: first -->` */
  readonly node: string;
  /** `control plane` in `<!-- stood in for on: first, control plane -->` */
  readonly what: string;
}

const actions = {
  "run on": "run",
  "repeated on": "repeat",
  "keeps running on": "keep running",
  "stood in for on": "stand in",
  "not run": "leave out",
} as const;

/** All blocks that are marked as shell, in order. */
export function shellBlocks(markdown: string): Block[] {
  const comment = `(?:<!-- (${Object.keys(actions).join("|")}): ([^,\\n]+?)(?:, (.+?))? -->\\n)?`;
  const pattern = new RegExp(`${comment}\`\`\`(?:sh|bash|shell)\\n(.*?)\`\`\``, "gs");
  return [...markdown.matchAll(pattern)].map((match) => {
    const action = match[1] as keyof typeof actions | undefined;
    return {
      line: markdown.slice(0, match.index).split("\n").length,
      script: match[4] ?? "",
      action: action && actions[action],
      node: match[2] ?? "",
      what: match[3] ?? "",
    };
  });
}
