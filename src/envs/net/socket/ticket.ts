import { randomBytes } from 'node:crypto';
import type { Hello } from '../wire/messages.ts';
import { WireError } from '../wire/wire-error.ts';
import { sameToken } from './access.ts';

/** Names a session, and proves that a client owns it. */
export interface Ticket {
  readonly session: string;
  readonly token: string;
}

/**
 * Makes the ticket of a new session from random bytes, so that nobody can guess it.
 * @internal
 */
export function newTicket(): Ticket {
  return {
    session: randomBytes(12).toString('base64url'),
    token: randomBytes(24).toString('base64url'),
  };
}

/**
 * Whether a hello has the ticket of a session.
 * @internal
 */
export function sameTicket(ticket: Ticket, { session, token }: Ticket): boolean {
  return session === ticket.session && sameToken(token, ticket.token);
}

/** The session that a hello resumes. @throws WireError SESSION_EXPIRED where it does not exist or the token is wrong */
export function resumed<S extends { ticket: Ticket }>(
  sessions: ReadonlyMap<string, S>,
  ticket: NonNullable<Hello['resume']>,
): S {
  const found = sessions.get(ticket.session);
  if (found && sameTicket(found.ticket, ticket)) return found;
  throw new WireError('SESSION_EXPIRED', 'resume: this session does not exist or has expired');
}
