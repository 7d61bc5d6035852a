/**
 * A pure function of immutable values that works its result out once for each of them. A result is kept by the identity
 * of its value and for as long as somebody holds that value, so nothing has to be counted, bounded or invalidated. This
 * is right only where neither the value nor anything else on which the result depends ever changes: whatever is new in
 * this program is a new object, and what says the same stays the same object.
 */
export function onceFor<Value extends object, Result>(
  make: (value: Value) => Result,
): (value: Value) => Result {
  const results = new WeakMap<Value, { readonly result: Result }>();
  return (value) => {
    const known = results.get(value);
    if (known) return known.result;
    const result = make(value);
    results.set(value, { result });
    return result;
  };
}
