import type { Rate } from "./rate-limit.ts";

interface Account {
  /** What may be sent at once; below zero when more was sent already. */
  left: number;
  /** When `left` was right, ms. */
  at: number;
}

/** Accounts that are remembered; the fuller half is forgotten when there are more. */
const mostAccounts = 16_384;

/** How fast each address may be sent to. Nobody is refused: who is ahead of its rate waits. */
export class Pace {
  readonly #rate: Rate;
  readonly #accounts = new Map<string, Account>();

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** Takes so much for this holder and says how long to wait before it is sent, ms. */
  waitMs(holder: string, amount: number, now: number): number {
    const account = this.#accounts.get(holder) ?? this.#open(holder, now);
    account.left = this.#leftAt(account, now) - amount;
    account.at = now;
    return account.left >= 0 ? 0 : (-account.left / this.#rate.perSecond) * 1000;
  }

  #open(holder: string, now: number): Account {
    if (this.#accounts.size >= mostAccounts) this.#forget(now);
    const account = { left: this.#rate.burst, at: now };
    this.#accounts.set(holder, account);
    return account;
  }

  #forget(now: number): void {
    const byNeed = [...this.#accounts].sort(
      ([, left], [, right]) => this.#leftAt(right, now) - this.#leftAt(left, now),
    );
    for (const [holder] of byNeed.slice(0, mostAccounts / 2)) this.#accounts.delete(holder);
  }

  #leftAt({ left, at }: Account, now: number): number {
    return Math.min(this.#rate.burst, left + ((now - at) / 1000) * this.#rate.perSecond);
  }
}
