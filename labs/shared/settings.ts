export type Value = number | string | boolean;

/** One value a control of the lab, by the control's name. */
export type Settings = Record<string, Value>;
