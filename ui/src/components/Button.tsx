import { LoaderCircle, type LucideIcon } from "lucide-react";
import type { ButtonHTMLAttributes, Ref } from "react";

type Look = "primary" | "plain" | "quiet" | "danger";

const looks: Record<Look, string> = {
  primary: "bg-accent text-on-accent border-accent hover:brightness-110 font-medium",
  plain: "bg-surface text-ink border-edge/60 hover:bg-hover",
  quiet: "bg-transparent text-muted border-transparent hover:bg-hover hover:text-ink",
  danger: "bg-surface text-bad border-bad/60 hover:bg-bad-soft font-medium",
};

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look;
  icon?: LucideIcon;
  busy?: boolean;
  small?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({
  look = "plain",
  icon: Icon,
  busy = false,
  small = false,
  className = "",
  children,
  disabled,
  ref,
  ...rest
}: Props) {
  const size = small ? "min-h-6 px-2 text-xs gap-1" : "min-h-8 px-3 text-sm gap-1.5";
  return (
    <button
      type="button"
      ref={ref}
      disabled={disabled === true || busy}
      className={`inline-flex items-center justify-center rounded-md border whitespace-nowrap select-none disabled:opacity-55 ${size} ${looks[look]} ${className}`}
      {...rest}
    >
      {busy ? (
        <LoaderCircle className="spin size-4" aria-hidden />
      ) : Icon ? (
        <Icon className={small ? "size-3.5" : "size-4"} aria-hidden />
      ) : null}
      {children}
    </button>
  );
}
