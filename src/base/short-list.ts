/** Items as text, of which the first `most` are named and the others counted. */
export const shortList = (items: readonly string[], most: number): string =>
  items.length > most
    ? `${items.slice(0, most).join(", ")} and ${items.length - most} more`
    : items.join(", ");
