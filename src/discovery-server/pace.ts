import type { Rate } from "./rate-limit.ts";

interface Account {
  /** The amount that may be sent at once; negative after more was sent. */
  left: number;
  /** The time, in milliseconds, for which `left` holds. */
  at: number;
}

/** The number of accounts that are remembered. When there are more, the fuller half is forgotten. */
const mostAccounts = 16_384;

/** The pace at which each address is sent to. Nothing is refused: a holder that exceeds its rate waits. */
export class Pace {
  readonly #rate: Rate;
  readonly #accounts = new Map<string, Account>();

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** Takes an amount for this holder and gives the milliseconds to wait before it is sent. */
  wait(holder: string, amount: number, now: number): number {
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
