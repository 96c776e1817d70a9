import type { Settings } from "../shared/settings";

/** A lab's constants, those that the notebook hands over in place of its own. */
export function constantsOf(own: Settings, handed: Settings): Settings {
  for (const [name, value] of Object.entries(handed)) {
    if (!Object.hasOwn(own, name)) throw new Error(`the page hands over “${name}”; this lab knows ${Object.keys(own).join(", ")}`);
    if (typeof value !== typeof own[name]) throw new Error(`the page hands over “${name}” as ${JSON.stringify(value)}, no ${typeof own[name]}`);
  }
  return { ...own, ...handed };
}
