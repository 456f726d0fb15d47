/** @file The cache of transformers.js in a browser, filled by recoup: the library keeps whatever a server has sent, and hears no signal. */

/** Settings of transformers.js that say where it keeps files: of its `env`. */
export interface CacheSettings {
  readonly useBrowserCache: boolean;
  readonly cacheKey: string;
  readonly useCustomCache: boolean;
  readonly customCache: HostCache | null;
}

/** A cache of responses by address: the browser's, or one of the caller's own. */
export interface HostCache {
  match(address: string): Promise<Response | string | undefined>;
  put(address: string, response: Response): Promise<void>;
  delete?(address: string): Promise<boolean>;
}

/** The cache that transformers.js uses; undefined where it uses none, or the browser gives none (a private window, a frame). */
export async function hostCache(settings: CacheSettings): Promise<HostCache | undefined> {
  if (settings.useCustomCache) return settings.customCache ?? undefined;
  if (!settings.useBrowserCache || typeof caches === "undefined") return undefined;
  return caches.open(settings.cacheKey).catch(() => undefined);
}

/**
 * A response whose parts are counted as they pass.
 *
 * @param passed called with the bytes so far.
 * @param failed called with what ends it early: a cache says only that it could not be kept.
 */
export function counted(
  response: Response,
  passed: (loaded: number) => void,
  failed: (error: unknown) => void,
): Response {
  const reader = response.body?.getReader();
  let loaded = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { value } = (await reader?.read()) ?? {};
        if (value === undefined) return controller.close();
        loaded += value.length;
        passed(loaded);
        controller.enqueue(value);
      } catch (error) {
        failed(error);
        controller.error(error);
      }
    },
    cancel: (reason) => reader?.cancel(reason),
  });
  const type = response.headers.get("content-type");
  return new Response(body, type === null ? {} : { headers: { "content-type": type } });
}
