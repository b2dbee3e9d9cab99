import type { TextRequest } from '../server/page-messages.ts';
import type { RecordingFile } from '../server/recording-file.ts';
import { fill, h } from './dom.ts';
import type { InspectorContext } from './inspector-context.ts';
import { Showing } from './showing.ts';
import { Sources } from './sources.ts';

/** The thought inspector of a run, in an element. */
export class Inspector {
  readonly #element: HTMLElement;
  readonly #context: InspectorContext;
  readonly #sources: Sources;
  readonly #place = h('div');
  #files: RecordingFile[] = [];
  /** The name of the file in view; undefined for one that is not in the list. */
  #open: string | undefined;
  #showing: Showing | undefined;
  /** Stops the text that is being written. */
  #stop = () => {};

  constructor(element: HTMLElement, context: InspectorContext) {
    this.#element = element;
    this.#context = context;
    this.#sources = new Sources({
      recording: (file) => this.#openRecording(file, true),
      live: (seed) => this.#show().play(seed),
      disk: (file) => this.#openFile(file),
      write: (request) => this.#write(request),
      stop: () => this.#stop(),
    });
    fill(element, this.#sources.element, this.#place);
    element.addEventListener('dragover', this.#dragged);
    element.addEventListener('drop', this.#dropped);
    document.addEventListener('keydown', this.#keyed);
    addEventListener('focus', this.#returned);
    void this.#begin();
  }

  /** Whether the run may generate texts. */
  set generates(generates: boolean) {
    this.#sources.text.element.hidden = !generates;
  }

  dispose(): void {
    this.#showing?.dispose();
    this.#element.removeEventListener('dragover', this.#dragged);
    this.#element.removeEventListener('drop', this.#dropped);
    document.removeEventListener('keydown', this.#keyed);
    removeEventListener('focus', this.#returned);
    this.#element.replaceChildren();
  }

  async #begin(): Promise<void> {
    await this.#list();
    if (this.#showing || this.#context.signal.aborted) return;
    const [latest] = this.#files;
    if (latest) this.#openRecording(latest.file, false);
    else fill(this.#place, nothingYet(this.#context.run));
  }

  async #list(): Promise<void> {
    const { run, signal, request } = this.#context;
    try {
      const answer = await request(`/v1/recordings?${new URLSearchParams({ run })}`, { signal });
      this.#files = await answer.json();
    } catch (error) {
      if (!signal.aborted) this.#sources.showProblem((error as Error).message);
    }
    this.#sources.list(this.#files, this.#open);
  }

  #openRecording(file: string, byHand: boolean): void {
    const { run, request } = this.#context;
    const open = async (signal: AbortSignal) => {
      const path = `/v1/recording?${new URLSearchParams({ run, file })}`;
      return (await request(path, { signal })).body!;
    };
    void this.#show(file).read(open, { byHand });
  }

  #openFile(file: File): void {
    void this.#show().read(async () => file.stream(), { byHand: true, name: file.name });
  }

  #write(request: TextRequest): void {
    const { text } = this.#sources;
    const showing = this.#show();
    text.writing = true;
    this.#stop = showing.write(request, () => {
      text.writing = false;
    });
  }

  /** Replaces the recording in view. @param file its name in the list; undefined for one from elsewhere */
  #show(file?: string): Showing {
    this.#showing?.dispose();
    this.#sources.text.writing = false;
    this.#open = file;
    this.#sources.list(this.#files, file);
    this.#sources.showProblem('');
    this.#showing = new Showing(this.#context, this.#sources);
    fill(this.#place, this.#showing.element);
    return this.#showing;
  }

  /** Lists again, since a command may have recorded episodes meanwhile. */
  readonly #returned = (): void => void this.#list();

  readonly #dragged = (event: DragEvent): void => event.preventDefault();

  readonly #dropped = (event: DragEvent): void => {
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file) this.#openFile(file);
  };

  readonly #keyed = (event: KeyboardEvent): void => {
    const element = event.target as Element;
    if (element === document.body || this.#element.contains(element))
      this.#showing?.player.key(event);
  };
}

function nothingYet(run: string): HTMLElement {
  return h(
    'div',
    { class: 'panel empty' },
    h('p', {}, 'No episode of this run has been recorded.'),
    h('p', {}, 'Play one now, drop a recording file here, or record some with'),
    h('p', {}, h('code', {}, `pondera record …/${run} --episodes 3`)),
  );
}
