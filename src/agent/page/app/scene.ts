import type { RecordedDecision, RecordingHeader } from '../../run/recording-format.ts';
import { fill, h } from './dom.ts';
import { type Drawing, DrawingView } from './drawing.ts';
import { formatNumber } from './format.ts';
import type { SpaceJson } from './recorded-space.ts';
import type { Episode, RecordingReader } from './recording-reader.ts';
import { spaceView } from './space-view.ts';
import { observedShares } from './token-values.ts';

/** The observation before a decision, and the outcome of its action. */
export class Scene {
  readonly element: HTMLElement;
  readonly #picture = h('div', { class: 'picture' });
  readonly #hint = h('p', { class: 'hint lit' }, 'The light shows what the readout attended to.');
  readonly #numbers = h('div', {
    class: 'scroll',
    tabindex: 0,
    role: 'region',
    'aria-label': 'Observation',
  });
  readonly #details = h('details', {}, h('summary', {}, 'Observation'), this.#numbers);
  readonly #facts = h('dl', { class: 'step-facts' });
  readonly #outcome = h('div', { class: 'outcome' });
  readonly #header: RecordingHeader;
  #view: DrawingView | undefined;
  #shown: RecordedDecision | undefined;

  constructor(header: RecordingHeader) {
    this.#header = header;
    this.#details.addEventListener('toggle', () => this.#showNumbers());
    this.element = h(
      'section',
      { class: 'panel scene', 'aria-label': 'What it saw' },
      h('h2', {}, 'What it saw'),
      this.#picture,
      this.#hint,
      this.#facts,
      this.#outcome,
      this.#details,
    );
  }

  /** True if the drawing shows the attention. */
  get lit(): boolean {
    return this.#view?.lit ?? false;
  }

  show(decision: RecordedDecision, film: RecordingReader, place: number): void {
    this.#shown = decision;
    const { drawing, t, difficulty, reward } = decision;
    this.#view =
      drawing && new DrawingView(drawing as Drawing, `${this.#header.env}, decision ${t + 1}`);
    fill(this.#picture, this.#view?.element);
    this.#picture.hidden = !this.#view;
    this.#hint.hidden = !this.lit;
    if (!drawing) this.#details.open = true;
    this.#showNumbers();
    const found = film.episodeAt(place);
    const earned = film.decisions
      .slice(found?.episode.begin ?? 0, place)
      .reduce((sum, { reward }) => sum + reward, 0);
    fill(
      this.#facts,
      ...fact('Difficulty', difficulty === undefined ? undefined : formatNumber(difficulty)),
      ...fact('Reward', formatNumber(reward)),
      ...fact('Return before', formatNumber(earned)),
    );
    this.#showOutcome(decision, found?.episode);
  }

  light({ thought }: RecordedDecision, step: number): void {
    this.#view?.light(observedShares(this.#header, thought.steps[step].attention));
  }

  #showNumbers(): void {
    if (!this.#details.open || !this.#shown) return;
    const space = this.#header.spaces.observation as SpaceJson;
    fill(this.#numbers, spaceView(space, this.#shown.obs));
  }

  /** Shows how the episode ended, if it ended with this decision. */
  #showOutcome(
    { terminated, truncated, drawing }: RecordedDecision,
    episode: Episode | undefined,
  ): void {
    const end = terminated || truncated ? episode?.end : undefined;
    this.#outcome.hidden = !end;
    if (!end) return;
    const how = terminated ? 'The episode ended here' : 'The episode was cut off here';
    const success = end.success === undefined ? '' : end.success ? ', a success' : ', no success';
    const decisions = `${end.length} decision${end.length === 1 ? '' : 's'}`;
    const text = `${how}${success}: return ${formatNumber(end.return)} in ${decisions}.`;
    const moved = JSON.stringify(end.drawing) !== JSON.stringify(drawing);
    const last =
      moved && end.drawing && new DrawingView(end.drawing as Drawing, 'How it ended').element;
    fill(this.#outcome, h('p', {}, text), last);
  }
}

function fact(name: string, text: string | undefined): HTMLElement[] {
  return text === undefined ? [] : [h('dt', {}, name), h('dd', {}, text)];
}
