import { X } from "lucide-react";
import { useNow } from "../../components/clock";
import { SuspectList } from "../../components/SuspectList";
import { exact, moment, parseTime } from "../../lib/time";

interface Props {
  /** What is broken, as a query. */
  broken: string;
  /** now, or a moment. */
  before: string;
  window: string | undefined;
  onChange: (change: {
    suspects?: string | undefined;
    window?: string | undefined;
    broken?: string | undefined;
  }) => void;
}

const windows = [
  { id: "1h", seconds: 3_600, word: "1 hour" },
  { id: "6h", seconds: 6 * 3_600, word: "6 hours" },
  { id: "1d", seconds: 86_400, word: "1 day" },
  { id: "7d", seconds: 7 * 86_400, word: "7 days" },
] as const;

/** Which changes may have broken what the query finds, the most suspect first, each with why. */
export function SuspectPanel({ broken, before, window: id, onChange }: Props) {
  const now = useNow();
  const span = windows.find((w) => w.id === id) ?? windows[0];
  const at = before === "now" ? undefined : parseTime(before, now);
  // Now is asked as of the minute, so that the list stands still while it is read.
  const until = at ?? new Date(Math.ceil(now / 60_000) * 60_000);
  return (
    <section
      aria-label="Suspects"
      className="flex max-h-[45dvh] min-h-0 shrink-0 flex-col border-b border-line bg-surface lg:max-h-none lg:w-104 lg:border-b-0 lg:border-l"
    >
      <header className="border-b border-line bg-raised px-3 py-2">
        <div className="flex items-center gap-2">
          <h2 className="text-sm font-semibold">What may have broken it</h2>
          <select
            aria-label="How far back suspects are looked for"
            value={span.id}
            className="ml-auto h-7 rounded-md border border-edge/60 bg-surface px-1 text-xs"
            onChange={(e) => onChange({ window: e.target.value })}
          >
            {windows.map((w) => (
              <option key={w.id} value={w.id}>
                {w.word}
              </option>
            ))}
          </select>
          <button
            type="button"
            aria-label="Close the suspects"
            className="grid size-7 place-items-center rounded-md text-muted hover:bg-hover hover:text-ink"
            onClick={() => onChange({ suspects: undefined, window: undefined, broken: undefined })}
          >
            <X className="size-4" aria-hidden />
          </button>
        </div>
        <p className="mt-0.5 text-xs text-muted">
          <code className="break-all text-ink">{broken}</code>, before{" "}
          {at ? (
            <>
              <time dateTime={at.toISOString()} title={exact(at.toISOString())}>
                {moment(at.toISOString(), now)}
              </time>{" "}
              <button
                type="button"
                className="min-h-6 rounded px-1 text-accent hover:bg-accent-soft"
                onClick={() => onChange({ suspects: "now" })}
              >
                now instead
              </button>
            </>
          ) : (
            "now"
          )}
        </p>
      </header>
      <div className="min-h-0 grow overflow-y-auto" tabIndex={-1}>
        <SuspectList
          query={broken}
          before={until.toISOString()}
          window={span.seconds}
          none={`No change of the ${span.word} before, to what it finds or to what that depends on, looks like a cause. Look further back, or ask about what is broken.`}
        />
      </div>
    </section>
  );
}
