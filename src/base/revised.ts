/** A value with the number of its last change. The value stays the same as long as the number does. */
export interface Revised<Value> {
  readonly revision: number;
  readonly value: Value;
}

/** The comparison of each field. The compiler asks for every field, even for one that is added later. */
export type SameFields<Value> = {
  readonly [Field in keyof Value]-?: (left: Value[Field], right: Value[Field]) => boolean;
};

/** Numbers a value: with the earlier number if each field is the same as before, and else with the next one. */
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
