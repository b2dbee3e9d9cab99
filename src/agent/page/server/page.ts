import { combineLatest, filter, firstValueFrom, map, type Observable } from 'rxjs';
import { z } from 'zod';
import { type Endpoint, jsonAnswer, type Page, WireError } from '../../../envs/net/index.ts';
import { filePages } from './files.ts';
import { encodeHistory, type HistoryQuery } from './history.ts';
import { streamLive } from './live.ts';
import {
  type Control,
  controlRequest,
  controls,
  historyRequest,
  type RunState,
  type RunSummary,
} from './page-messages.ts';
import { NoSuchRunError, type RunFolder } from './run-folder.ts';
import type { RunRecord } from './run-record.ts';
import { runStatistics } from './run-statistics.ts';
import { thinkPages } from './think.ts';

/** A daemon that supervises the runs of a folder. It knows more of them than their files do. */
export interface Supervisor {
  /** Its runs, including those without files yet; emits whenever a state changes. */
  states$: Observable<readonly SupervisedRun[]>;
  /** @throws Error if the run's state does not allow the action */
  control: (run: string, action: Control) => Promise<void>;
}

export interface SupervisedRun {
  name: string;
  state: RunState;
  /** Why the run is in that state, if there is a reason to show. */
  reason?: string;
  /** The actions that the run allows now. */
  controls: readonly Control[];
}

/** The live page over the runs of a folder. @param open true shows the runs without a token; actions always need it */
export function pageOf(
  folder: RunFolder,
  { supervisor, open }: { supervisor?: Supervisor; open: boolean },
): { pages: Page[]; endpoints: Endpoint[] } {
  const runs$ = supervisor
    ? combineLatest([folder.summaries$, supervisor.states$]).pipe(map(withStates))
    : folder.summaries$;
  const record = (run: string) => completeRecord(folder, run);
  const think = thinkPages(folder, { open });
  const pages: Page[] = [
    ...filePages(),
    ...think.pages,
    {
      path: '/v1/history',
      open,
      body: async ({ query }) => {
        const data = encodeHistory(await record(runIn(query)), historyQuery(query));
        return { type: 'application/octet-stream', data };
      },
    },
    {
      path: '/v1/evaluations',
      open,
      body: async ({ query }) => jsonAnswer((await record(runIn(query))).evaluations),
    },
    {
      path: '/v1/statistics',
      open,
      body: async ({ query }) => {
        const run = runIn(query);
        const dir = await folder.dirOf(run);
        if (dir === undefined) throw new WireError('NOT_FOUND', new NoSuchRunError(run).message);
        return jsonAnswer(await runStatistics(dir));
      },
    },
  ];
  if (supervisor) pages.push(controlPage(supervisor));
  const live: Endpoint = {
    path: '/v1/live',
    open,
    subprotocol: 'pondera.page',
    socket: (socket) => streamLive(socket, { runs$, record$: (run) => folder.record$(run) }),
  };
  return { pages, endpoints: [live, ...think.endpoints] };
}

function controlPage({ control }: Supervisor): Page {
  return {
    path: '/v1/control',
    method: 'POST',
    body: async ({ posted }) => {
      const { run, action } = controlIn(posted);
      try {
        await control(run, action);
      } catch (error) {
        throw new WireError('REFUSED', (error as Error).message);
      }
      return jsonAnswer({ run, action });
    },
  };
}

function controlIn(posted: string) {
  try {
    return controlRequest.parse(JSON.parse(posted));
  } catch {
    throw new WireError(
      'BAD_MESSAGE',
      `control: expected { run, action } with action one of ${controls.join(', ')}`,
    );
  }
}

/** Summaries from files, with the states that the supervisor knows. */
function withStates([summaries, states]: [RunSummary[], readonly SupervisedRun[]]): RunSummary[] {
  const byName = new Map(summaries.map((summary) => [summary.name, summary]));
  for (const { name, state, reason, controls } of states) {
    const summary = byName.get(name) ?? unheardOf(name);
    byName.set(name, { ...summary, state, reason, controls: [...controls] });
  }
  return [...byName.values()];
}

function unheardOf(name: string): RunSummary {
  const none = { return: null, netReturn: null, ponderSteps: null, decisionsPerSecond: null };
  const nothing = {
    ...none,
    env: '',
    generates: false,
    game: false,
    update: 0,
    envSteps: 0,
    totalSteps: null,
    alarms: 0,
    heardAt: null,
  };
  return { name, state: 'queued', controls: [], ...nothing };
}

/** The record of a run, once its files were read to their ends. */
async function completeRecord(folder: RunFolder, run: string): Promise<RunRecord> {
  try {
    return await firstValueFrom(folder.record$(run).pipe(filter(({ complete }) => complete)));
  } catch (error) {
    if (error instanceof NoSuchRunError) throw new WireError('NOT_FOUND', error.message);
    throw error;
  }
}

function runIn(query: URLSearchParams): string {
  return query.get('run') ?? '';
}

function historyQuery(query: URLSearchParams): HistoryQuery {
  const { data, error } = historyRequest.safeParse(Object.fromEntries(query));
  if (!data) throw new WireError('BAD_MESSAGE', z.prettifyError(error));
  return { ...data, names: query.getAll('series') };
}
