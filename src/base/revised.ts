/** A value, and the number of its last change: as long as that is the same, so is the value. */
export interface Revised<Value> {
  readonly revision: number;
  readonly value: Value;
}

/** The comparison of each field. The compiler asks for every field, also for one that is added later. */
export type SameFields<Value> = {
  readonly [Field in keyof Value]-?: (left: Value[Field], right: Value[Field]) => boolean;
};

/** The value with its number: that of before if each field is the same as then, else the next one. */
export function revised<Value extends object>(
  before: Revised<Value> | undefined,
  value: Value,
  same: SameFields<Value>,
): Revised<Value> {
  if (!before) return { revision: 1, value };
  const fields = Object.keys(same) as (keyof Value)[];
  const isSame = fields.every((field) => same[field](before.value[field], value[field]));
  return isSame ? before : { revision: before.revision + 1, value };
}
