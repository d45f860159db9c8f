import { age, ago, exact, moment, timeOfDay } from "../lib/time";
import { useNow } from "./clock";

interface Props {
  at: string | null;
  /** age: 3h20m; ago: 3 h ago; clock: 14:03:22, with the date when it was not today; time: without the date. */
  as?: "age" | "ago" | "clock" | "time";
}

/** A time, short, with the exact one on hover. */
export function Time({ at, as = "ago" }: Props) {
  const now = useNow();
  if (!at) return <span>{as === "ago" ? "never" : ""}</span>;
  const text =
    as === "age" ? age(at, now) : as === "ago" ? ago(at, now) : as === "time" ? timeOfDay(at) : moment(at, now);
  return (
    <time dateTime={at} title={exact(at)}>
      {text}
    </time>
  );
}
