/** What a bug report holds is made fit to be given away: without secrets, and without names if asked for. */
export { anonymiser, type Names } from "./anonymise.ts";
export { redactor } from "./redact.ts";
