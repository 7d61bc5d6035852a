/** A shell block of a document, and what the comment above it says is to be done with it. */
export interface Block {
  readonly line: number;
  readonly script: string;
  /** `first` in `<!-- run on: first -->` */
  readonly action: "run" | "keep running" | "leave out" | undefined;
  readonly node: string;
}

const actions = { "run on": "run", "keeps running on": "keep running", "not run": "leave out" } as const;

/** All blocks that are marked as shell, in order. */
export function shellBlocks(markdown: string): Block[] {
  const pattern = /(?:<!-- (run on|keeps running on|not run): (.+?) -->\n)?```(?:sh|bash|shell)\n(.*?)```/gs;
  return [...markdown.matchAll(pattern)].map((match) => {
    const action = match[1] as keyof typeof actions | undefined;
    return {
      line: markdown.slice(0, match.index).split("\n").length,
      script: match[3] ?? "",
      action: action && actions[action],
      node: match[2] ?? "",
    };
  });
}
