/** @file When a method of one's own is asked no more: its first answers all failed. */
import type { AnswerRecord } from "./answer-record.js";
import type { ModuleMethod, Setting } from "./settings.js";

/**
 * So many answers that fail, none given before them, are enough: with all tokens they end a run, and of a method of one's own, each of
 * which may take its time limit, its setting.
 */
export const HOPELESS = 5;

/** How settings of methods of one's own fare. */
export type OwnHopes = ReturnType<typeof ownHopes>;

interface Watched {
  readonly settings: readonly Setting[];
  readonly own?: readonly ModuleMethod[];
  /** Answers that there are already, by `keyText`. */
  readonly done?: ReadonlySet<string>;
}

/** Watches settings of methods of one's own: while none of a setting's samples is answered, its failures are counted. */
export function ownHopes({ settings, own = [], done = new Set() }: Watched) {
  const ids = new Set(own.map(({ method }) => method.id));
  const isAnswered = (setting: string) => [...done].some((key) => key.endsWith(` ${setting}`));
  const watched = settings.filter(({ id, method }) => ids.has(method) && !isAnswered(id));
  const reasons = new Map(watched.map(({ id }) => [id, [] as string[]]));
  return {
    /** Why a setting is not asked any more. */
    lost(setting: string): string | undefined {
      const failed = reasons.get(setting) ?? [];
      return failed.length < HOPELESS ? undefined : `not asked, as its first ${HOPELESS} answers failed: ${failed[0]}`;
    },
    heard({ setting, error }: Pick<AnswerRecord, "setting" | "error">): void {
      if (error === undefined) reasons.delete(setting);
      else reasons.get(setting)?.push(error);
    },
  };
}
