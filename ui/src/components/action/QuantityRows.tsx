import type { Quantity } from "../../lib/wish";

/** Requests and limits, as they are now until they are edited; an empty one is taken away. */
export function QuantityRows({ rows, onChange }: { rows: readonly Quantity[]; onChange: (rows: Quantity[]) => void }) {
  const set = (i: number, part: Partial<Quantity>): void =>
    onChange(rows.map((r, n) => (n === i ? { ...r, ...part } : r)));
  const field = "h-8 w-full min-w-0 rounded-md border border-edge bg-surface px-2 font-mono text-xs";
  return (
    <table className="w-full max-w-xl text-sm">
      <thead>
        <tr className="text-left text-xs text-muted">
          <th scope="col" className="py-1 font-semibold">
            Resource
          </th>
          <th scope="col" className="font-semibold">
            Request
          </th>
          <th scope="col" className="font-semibold">
            Limit
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((r, i) => (
          <tr key={r.name}>
            <th scope="row" className="pr-3 text-left font-mono text-xs font-normal">
              {r.name}
            </th>
            <td className="py-0.5 pr-1.5">
              <input
                aria-label={`Request of ${r.name}`}
                placeholder="none"
                className={field}
                autoComplete="off"
                value={r.request}
                onChange={(e) => set(i, { request: e.target.value })}
              />
            </td>
            <td className="py-0.5">
              <input
                aria-label={`Limit of ${r.name}`}
                placeholder="none"
                className={field}
                autoComplete="off"
                value={r.limit}
                onChange={(e) => set(i, { limit: e.target.value })}
              />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
