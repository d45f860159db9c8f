import {
  Ban,
  CircleDot,
  Cpu,
  Ellipsis,
  Gauge,
  History,
  ListPlus,
  Package,
  Pause,
  Play,
  PlugZap,
  Repeat,
  RotateCw,
  Scaling,
  StickyNote,
  Tag,
  Trash2,
  Undo2,
  Upload,
  Waves,
  type LucideIcon,
} from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useState } from "react";
import type { ActionVerb } from "../../api/generated";
import { grouped, groups, verbs } from "../../lib/verbs";
import { Button } from "../Button";
import { useKeys } from "../keys";

export const icons: Record<ActionVerb, LucideIcon> = {
  RESTART: RotateCw,
  EVICT: Repeat,
  SCALE: Scaling,
  AUTOSCALE: Gauge,
  SET_IMAGE: Package,
  SET_ENV: ListPlus,
  SET_RESOURCES: Cpu,
  ROLL_BACK: History,
  REVERT: Undo2,
  PAUSE: Pause,
  RESUME: Play,
  CORDON: Ban,
  UNCORDON: CircleDot,
  DRAIN: Waves,
  LABEL: Tag,
  ANNOTATE: StickyNote,
  DELETE: Trash2,
  RERUN: Repeat,
  TRIGGER: PlugZap,
  APPLY: Upload,
};

interface Props {
  /** Every verb that is offered, the prominent ones too. */
  verbs: readonly ActionVerb[];
  /** How many of the objects know a verb, when not all do. */
  able?: (verb: ActionVerb) => string;
  onAct: (verb: ActionVerb) => void;
}

/** Every verb by name, in groups; a opens it, the first letters find one. */
export function VerbMenu({ verbs: list, able, onAct }: Props) {
  const [open, setOpen] = useState(false);
  useKeys({ a: () => setOpen(true) }, list.length > 0);
  if (list.length === 0) return null;
  return (
    <DropdownMenu.Root modal={false} open={open} onOpenChange={setOpen}>
      <DropdownMenu.Trigger asChild>
        <Button icon={Ellipsis} title="Every action (a)">
          Actions
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="end"
          sideOffset={4}
          collisionPadding={8}
          className="z-50 max-h-[min(34rem,80dvh)] min-w-56 overflow-y-auto rounded-lg border border-line bg-surface p-1 shadow-xl"
        >
          {grouped(list).map(({ group, verbs: of }) => (
            <DropdownMenu.Group key={group}>
              <DropdownMenu.Label className="px-2 pt-1.5 pb-0.5 text-xs font-semibold text-muted">
                {groups[group]}
              </DropdownMenu.Label>
              {of.map((verb) => {
                const Icon = icons[verb];
                return (
                  <DropdownMenu.Item
                    key={verb}
                    textValue={verbs[verb].word}
                    className={`flex w-full items-center gap-2 rounded px-2 py-1.5 text-sm outline-none data-highlighted:bg-hover ${verb === "DELETE" ? "text-bad" : ""}`}
                    onSelect={() => onAct(verb)}
                  >
                    <Icon className="size-4 shrink-0" aria-hidden />
                    <span className="grow">{verbs[verb].word}</span>
                    {able && able(verb) !== "" && <span className="text-xs text-muted">{able(verb)}</span>}
                    <Key verb={verb} />
                  </DropdownMenu.Item>
                );
              })}
            </DropdownMenu.Group>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

function Key({ verb }: { verb: ActionVerb }) {
  const { key } = verbs[verb];
  if (key === undefined) return null;
  return (
    <kbd className="rounded border border-line px-1 font-mono text-xs text-muted" aria-hidden>
      {key}
    </kbd>
  );
}
