/** The values of one name, each with labels of its own. */
export interface Family extends FamilyName {
  readonly samples: readonly Sample[];
}

export interface FamilyName {
  readonly name: string;
  readonly kind: "gauge" | "counter";
  readonly labels: readonly string[];
  readonly help: string;
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A family with the way in which its samples are found in something of which there is one at a time, or a list. */
export interface Drawn<Subject> extends FamilyName {
  readonly draw: (subject: Subject) => readonly Sample[];
}

/** Makes the families of a list of subjects. */
export const familiesOf = <Subject>(
  drawn: readonly Drawn<Subject>[],
  subjects: readonly Subject[],
): readonly Family[] =>
  drawn.map(({ draw, ...name }) => ({ ...name, samples: subjects.flatMap((subject) => draw(subject)) }));

/** Makes the one sample without further labels, or none where there is no value. */
export const one = (value: number | undefined, labels: Sample["labels"] = {}): readonly Sample[] =>
  value === undefined ? [] : [{ labels, value }];

/** Makes a sample for each entry of a record, whose name becomes the value of a label. */
export const each = (
  label: string,
  values: Readonly<Record<string, number>>,
  name: (key: string) => string = (key) => key,
): readonly Sample[] =>
  Object.entries(values).map(([key, value]) => ({ labels: { [label]: name(key) }, value }));
