/** @file What happens while a model is loaded, as typed events: made of the library's own, and of what recoup does beside it. */

/** Bytes of a file have come: from the net, a cache or a disk. */
export interface DownloadProgress {
  readonly phase: "download";
  /** Name of the model that the file is of, and its path there. */
  readonly model: string;
  readonly file: string;
  /** Bytes of the file so far: more than in the event before. */
  readonly loaded: number;
  /** Bytes in all; undefined where nobody has said. */
  readonly total?: number | undefined;
  /** Of the bytes of all files, 0 to 1, never less than before; undefined until the sizes of all weights are known. */
  readonly share?: number | undefined;
}

/** A vision file is being split into parts. */
export interface PrepareProgress {
  readonly phase: "prepare";
  readonly model: string;
  readonly file: string;
}

/** A session is being started on a file, or on a part of it: the weights go into the runtime. */
export interface SessionProgress {
  readonly phase: "session";
  readonly model: string;
  readonly file: string;
}

/** The last event: everything is loaded. */
export interface ReadyProgress {
  readonly phase: "ready";
}

/** An event while a model is loaded. Files come at the same time, so phases of several overlap; `ready` is the last. */
export type LoadProgress = DownloadProgress | PrepareProgress | SessionProgress | ReadyProgress;

/** The library's event, as far as it is read. */
interface HostEvent {
  readonly status?: string;
  readonly name?: string;
  readonly file?: string;
  readonly loaded?: number;
  readonly total?: number;
  readonly files?: Readonly<Record<string, { readonly total?: number } | undefined>>;
}

/** Bytes of a file: so far, and in all. */
interface FileBytes {
  loaded: number;
  total?: number;
}

/** Tells a caller what happens. What the caller throws is kept, so that it breaks nothing in the middle. */
export class LoadReporter {
  readonly #files = new Map<string, FileBytes>();
  /** Models whose sizes the library has not told yet. */
  readonly #untold = new Set<string>();
  #share = 0;
  #failure: { readonly error: unknown } | undefined;
  /** Models by other names that the library knows them by. */
  readonly #aliases = new Map<string, string>();

  constructor(private listener?: (event: LoadProgress) => void) {}

  /** The callback for the library; undefined where nobody listens, which spares it requests for sizes. */
  get hostCallback(): ((event: HostEvent) => void) | undefined {
    return this.listener === undefined ? undefined : (event) => this.#hostEvent(event);
  }

  /** The library will call a model by the folder that it is in. */
  alias(folder: string, model: string): void {
    this.#aliases.set(folder, model);
  }

  /** The library will load weights of a model, and tell their sizes. */
  expectWeights(model: string): void {
    this.#untold.add(model);
  }

  /** A file will come. */
  expect(model: string, file: string): void {
    this.#file(model, file, undefined);
  }

  /** Bytes of a file are there. An event only where they are more than before. @param total undefined or 0 where nobody knows. */
  downloaded(model: string, file: string, loaded: number, total?: number): void {
    const known = this.#file(model, file, total);
    if (!(loaded > known.loaded)) return;
    known.loaded = known.total === undefined ? loaded : Math.min(loaded, known.total);
    this.#tell({ phase: "download", model, file, loaded: known.loaded, total: known.total, share: this.#newShare() });
  }

  /** A file is there as a whole. */
  whole(model: string, file: string, size: number): void {
    this.downloaded(model, file, size, size);
  }

  prepare(model: string, file: string): void {
    this.#tell({ phase: "prepare", model, file });
  }

  session(model: string, file: string): void {
    this.#tell({ phase: "session", model, file });
  }

  ready(): void {
    this.#tell({ phase: "ready" });
  }

  /** Ends all events. */
  end(): void {
    this.listener = undefined;
  }

  /** @throws what the listener has thrown. */
  assertHeard(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #hostEvent({ status, name: said, file, loaded = 0, total, files = {} }: HostEvent): void {
    if (said === undefined) return;
    const name = this.#aliases.get(said) ?? said;
    if (status === "progress_total") {
      this.#untold.delete(name);
      for (const [each, bytes] of Object.entries(files)) this.#file(name, each, bytes?.total);
    }
    if (file === undefined) return;
    if (status === "progress") this.downloaded(name, file, loaded, total);
    if (status !== "done") return;
    const known = this.#files.get(key(name, file));
    if (known?.total !== undefined) this.whole(name, file, known.total);
    else if (known !== undefined) known.total = known.loaded;
    if (!file.endsWith(".onnx")) return;
    this.#untold.delete(name);
    this.session(name, file);
  }

  #file(model: string, file: string, total: number | undefined): FileBytes {
    const id = key(model, file);
    const known = this.#files.get(id) ?? { loaded: 0 };
    if (total !== undefined && total > 0) known.total = Math.max(known.total ?? 0, total);
    this.#files.set(id, known);
    return known;
  }

  #newShare(): number | undefined {
    if (this.#untold.size > 0) return undefined;
    let loaded = 0;
    let total = 0;
    for (const bytes of this.#files.values()) {
      if (bytes.total === undefined) return undefined;
      loaded += bytes.loaded;
      total += bytes.total;
    }
    this.#share = Math.max(this.#share, loaded / total);
    return this.#share;
  }

  #tell(event: LoadProgress): void {
    try {
      this.listener?.(event);
    } catch (error) {
      this.listener = undefined;
      this.#failure = { error };
    }
  }
}

function key(model: string, file: string): string {
  return JSON.stringify([model, file.replace(/^\//, "")]);
}
