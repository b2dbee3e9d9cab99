import { execFile } from 'node:child_process';
import { every, type Timer } from '../../envs/common/index.ts';

/**
 * Tells systemd, where it started us and wants to know (`Type=notify`), by its own tool: its socket is of a kind
 * that Node.js does not speak.
 *
 * @param failed told once why it cannot be
 */
export class Notifier {
  readonly #failed: (message: string) => void;
  #able = process.env.NOTIFY_SOCKET !== undefined;
  #watchdog: Timer | undefined;

  constructor(failed: (message: string) => void) {
    this.#failed = failed;
  }

  ready(): void {
    this.#tell('READY=1');
    const { WATCHDOG_USEC } = process.env;
    if (!this.#able || WATCHDOG_USEC === undefined) return;
    this.#watchdog = every(Number(WATCHDOG_USEC) / 2000, () => this.#tell('WATCHDOG=1'));
  }

  stopping(): void {
    this.#tell('STOPPING=1');
  }

  close(): void {
    this.#watchdog?.stop();
  }

  #tell(what: string): void {
    if (!this.#able) return;
    execFile('systemd-notify', [`--pid=${process.pid}`, what], (error) => {
      if (error === null || !this.#able) return;
      this.#able = false;
      this.close();
      this.#failed(`systemd-notify: ${error.message}`);
    });
  }
}
