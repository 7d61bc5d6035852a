/** The network that an affiliate advertises. It differs in each generation, and no two are equal or adjacent. */
export function prefixText(index: number, generation: number): string {
  const number = index * 8 + (generation % 4) * 2;
  return `10.${128 + (number >> 8)}.${number & 255}.0/24`;
}
