import type { RecordingHeader } from '../../run/recording-format.ts';
import { actionsOf } from './actions.ts';
import { AttentionView } from './attention-view.ts';
import { Cursor } from './cursor.ts';
import { fill, h, setText } from './dom.ts';
import { formatNumber, formatShare } from './format.ts';
import { MemoryView } from './memory-view.ts';
import { type Recalled, recalledAt } from './recalled.ts';
import type { RecordingReader } from './recording-reader.ts';
import { Scene } from './scene.ts';
import { TextView } from './text-view.ts';
import { ThoughtView } from './thought-view.ts';
import { Timeline } from './timeline.ts';
import { tokensIn } from './token-text.ts';

const SPEEDS = [0.5, 1, 2, 4, 8];
/** A screen reader reads a step after it has been in view for so long. */
const SAY_MS = 500;

/** Plays a recording: observation, thought and action, decision by decision and ponder step by ponder step. */
export class Player {
  readonly element: HTMLElement;
  readonly cursor: Cursor;
  readonly #film: RecordingReader;
  readonly #announce: (text: string) => void;
  readonly #timeline: Timeline;
  readonly #place = h('p', { class: 'place' });
  readonly #play = h('button', { type: 'button', class: 'play' });
  readonly #stage = h('div', { class: 'stage' });
  readonly #textPlace = h('div');
  #text: TextView | undefined;
  #views:
    | { scene: Scene; thought: ThoughtView; attention: AttentionView; memory?: MemoryView }
    | undefined;
  #shown = -1;
  /** The entries of memory of the decision in view. */
  #recalled: Recalled[] = [];
  #drawn = -1;
  #saying: ReturnType<typeof setTimeout> | undefined;

  constructor(film: RecordingReader, announce: (text: string) => void) {
    this.#film = film;
    this.#announce = announce;
    this.cursor = new Cursor(film, (byHand) => this.#update(byHand));
    this.#timeline = new Timeline((decision) => this.cursor.seek(decision));
    this.#play.addEventListener('click', () => this.toggle());
    const button = (label: string, sign: string, click: () => void) =>
      h('button', { type: 'button', 'aria-label': label, title: label, click }, sign);
    const move = (by: number) => () => this.cursor.seek(this.cursor.decision + by);
    const think = (by: number) => () => this.cursor.choose(this.cursor.step + by);
    const speed = h(
      'select',
      { change: () => Object.assign(this.cursor, { speed: Number(speed.value) }) },
      ...SPEEDS.map((s) => h('option', { value: s, selected: s === 1 }, `${s} ×`)),
    );
    this.element = h(
      'div',
      { class: 'player' },
      h(
        'div',
        { class: 'panel transport' },
        h(
          'div',
          { class: 'toolbar', role: 'group', 'aria-label': 'Playing' },
          button('Previous decision (←)', '«', move(-1)),
          button('Previous ponder step ([)', '‹', think(-1)),
          this.#play,
          button('Next ponder step (])', '›', think(1)),
          button('Next decision (→)', '»', move(1)),
          h('label', { class: 'field' }, h('span', {}, 'speed'), speed),
          this.#place,
        ),
        this.#timeline.element,
        h(
          'p',
          { class: 'hint keys' },
          keyHint(['←', '→'], 'decisions'),
          keyHint(['[', ']'], 'ponder steps (↑ ↓ in their list)'),
          keyHint(['space'], 'play, pause'),
        ),
      ),
      this.#textPlace,
      this.#stage,
    );
    this.#update(false);
  }

  /** Shows what the recording has got since the last call. */
  grow(): void {
    const { header, decisions } = this.#film;
    if (header && !this.#views) this.#begin(header);
    if (decisions.length !== this.#drawn) {
      this.#drawn = decisions.length;
      this.#timeline.show(this.#film);
      this.#text?.grow();
    }
    this.#update(false);
  }

  toggle(): void {
    if (this.cursor.playing) this.cursor.pause();
    else this.cursor.play();
  }

  /** Moves the focus to the list of ponder steps, where arrow keys work. */
  focus(): void {
    this.#views?.thought.focus();
  }

  /** Uses a key, unless the element that has the focus does. */
  key(event: KeyboardEvent): void {
    const { key, ctrlKey, altKey, metaKey } = event;
    const target = event.target as Element;
    if (ctrlKey || altKey || metaKey || target.closest('input, select, textarea')) return;
    if (key === ' ' && target.closest('button, summary, a')) return;
    const { cursor } = this;
    const inList = target.getAttribute('role') === 'listbox';
    const inText = this.#text?.owns(target);
    const keys: Record<string, (() => void) | undefined> = {
      ArrowLeft: () => cursor.seek(cursor.decision - 1),
      ArrowRight: () => cursor.seek(cursor.decision + 1),
      '[': () => cursor.choose(cursor.step - 1),
      ']': () => cursor.choose(cursor.step + 1),
      ' ': () => this.toggle(),
      // Outside the list these keys scroll the page.
      ...(inList && {
        ArrowUp: () => cursor.choose(cursor.step - 1),
        ArrowDown: () => cursor.choose(cursor.step + 1),
        Home: () => cursor.choose(0),
        End: () => cursor.choose(Number.POSITIVE_INFINITY),
      }),
      ...(inText && {
        Home: () => cursor.seek(0),
        End: () => cursor.seek(Number.POSITIVE_INFINITY),
        Enter: () => this.focus(),
      }),
    };
    if (keys[key] === undefined) return;
    keys[key]();
    event.preventDefault();
  }

  dispose(): void {
    this.cursor.dispose();
    clearTimeout(this.#saying);
  }

  #begin(header: RecordingHeader): void {
    const scene = new Scene(header);
    const thought = new ThoughtView(header, (step) => this.cursor.choose(step));
    const attention = new AttentionView(header);
    const seek = (decision: number) => this.cursor.seek(decision);
    const memory = header.policy.memory && new MemoryView(header, this.#film, seek);
    this.#views = { scene, thought, attention, memory };
    const tokens = tokensIn(header);
    this.#text = tokens && new TextView(header, this.#film, tokens, seek);
    fill(this.#textPlace, this.#text?.element);
    fill(this.#stage, scene.element, thought.element, attention.element, memory?.element);
  }

  #update(byHand: boolean): void {
    const { decision: at, step, playing } = this.cursor;
    setText(this.#play, playing ? '⏸ Pause' : '▶ Play');
    const decision = this.#film.decisions[at];
    this.#stage.hidden = this.#textPlace.hidden = !decision;
    if (!decision || !this.#views) {
      setText(this.#place, '');
      return;
    }
    const { scene, thought, attention, memory } = this.#views;
    if (this.#shown !== at) {
      this.#recalled = recalledAt(this.#film, at);
      thought.show(decision, this.#recalled);
      this.#shown = at;
      scene.show(decision, this.#film, at);
      memory?.show(decision, this.#recalled);
      this.#text?.select(at);
    }
    thought.select(decision, step);
    scene.light(decision, step);
    attention.show(decision, step, scene.lit);
    memory?.select(step);
    this.#text?.light(decision, this.#recalled, step);
    const steps = decision.thought.steps.length;
    const { number } = this.#film.episodeAt(at)!;
    const { length } = this.#film.decisions;
    const episodes = this.#film.episodes.length;
    const text =
      `decision ${at + 1} of ${length}` +
      `${episodes > 1 ? `, episode ${number + 1} of ${episodes}` : ''}`;
    setText(this.#place, `${text}, ponder step ${step + 1} of ${steps}`);
    this.#timeline.select(at, `${text}, ${steps} ponder steps`);
    if (byHand && !playing) this.#say(at, step);
  }

  /** Has a screen reader read the step, once it has been in view for SAY_MS. */
  #say(at: number, step: number): void {
    clearTimeout(this.#saying);
    this.#saying = setTimeout(() => {
      const decision = this.#film.decisions[at];
      const { halt, value, actions } = decision.thought.steps[step];
      const most = Math.max(...actions);
      const { labels } = actionsOf(this.#film.header!, decision);
      this.#announce(
        `Decision ${at + 1}, ponder step ${step + 1}: halt ${formatShare(halt)}, ` +
          `value ${formatNumber(value)}, largest action ${labels[actions.indexOf(most)]} at ${formatShare(most)}`,
      );
    }, SAY_MS);
  }
}

/** A hint: keys and their use. */
function keyHint(keys: string[], use: string): HTMLElement {
  return h('span', {}, ...keys.map((key) => h('kbd', {}, key)), ` ${use}`);
}
