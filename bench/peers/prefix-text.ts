/** The network that an affiliate advertises: another one in each generation, and no two alike or adjacent. */
export function prefixText(index: number, generation: number): string {
  const number = index * 8 + (generation % 4) * 2;
  return `10.${128 + (number >> 8)}.${number & 255}.0/24`;
}
