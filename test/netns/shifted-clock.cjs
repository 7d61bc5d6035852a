// Makes the clock of a Node process show another time: `--require` it, with the hours in SHIFTED_HOURS.
const byMs = Number(process.env["SHIFTED_HOURS"] ?? 0) * 3_600_000;
const Real = Date;
globalThis.Date = class extends Real {
  constructor(...given) {
    super(...(given.length === 0 ? [Real.now() + byMs] : given));
  }
  static now() {
    return Real.now() + byMs;
  }
};
