/** How fields of an action's form look. */
export const box = "h-9 rounded-md border border-edge bg-surface px-2.5 font-normal";
export const label = "flex flex-col gap-1 text-sm font-medium";
export const tick = "inline-flex min-h-6 items-start gap-2 text-sm";
