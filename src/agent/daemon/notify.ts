import { execFile } from 'node:child_process';
import { every, type Timer } from '../../envs/common/index.ts';

/**
 * Notifies systemd of the daemon's state, where systemd started it with `Type=notify`. It calls `systemd-notify`, since
 * Node.js has no datagram sockets of the kind that systemd uses.
 *
 * @param failed called once with the reason, where notifying fails; it then stops
 */
export class Notifier {
  readonly #failed: (message: string) => void;
  #able = process.env.NOTIFY_SOCKET !== undefined;
  #watchdog: Timer | undefined;

  constructor(failed: (message: string) => void) {
    this.#failed = failed;
  }

  ready(): void {
    this.#notify('READY=1');
    const { WATCHDOG_USEC } = process.env;
    if (!this.#able || WATCHDOG_USEC === undefined) return;
    this.#watchdog = every(Number(WATCHDOG_USEC) / 2000, () => this.#notify('WATCHDOG=1'));
  }

  stopping(): void {
    this.#notify('STOPPING=1');
  }

  close(): void {
    this.#watchdog?.stop();
  }

  #notify(state: string): void {
    if (!this.#able) return;
    execFile('systemd-notify', [`--pid=${process.pid}`, state], (error) => {
      if (error === null || !this.#able) return;
      this.#able = false;
      this.close();
      this.#failed(`systemd-notify: ${error.message}`);
    });
  }
}
