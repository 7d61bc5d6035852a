export { LedgerFile } from "./ledger-file.ts";
export { Messenger, type Recipient } from "./messenger.ts";
