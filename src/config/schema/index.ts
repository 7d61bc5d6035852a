export { descriptions } from "./descriptions.ts";
export { configSchema, kinds, settingsOf } from "./json-schema.ts";
export { referenceText } from "./reference.ts";
