import type { LineLevel } from '../../../core/log-level.js';

/** Whether every line of an event has a field. */
export type Presence = 'always' | 'sometimes';

/** How a log has an event. */
export interface LineEntry<Fields = Readonly<Record<string, Presence>>> {
  readonly level: LineLevel;
  readonly meaning: string;
  /** The event's own fields, besides those that all lines of its group have. */
  readonly fields: Fields;
  /** Fields that the log calls otherwise, because their name has another meaning there. */
  readonly as?: Readonly<Record<string, string>>;
}

/** The member of a union of events that has this type, also where it shares its fields with other types. */
type Member<Event, Type> = Event extends { readonly type: infer Types }
  ? Type extends Types
    ? Event
    : never
  : never;

/** The stamp is the same for all events. */
type Stamp = 'type' | 'time' | 'sequence';

/** Every field of an event, with whether it is optional: a field that is added must be entered. */
type FieldsOf<Event> = {
  readonly [Field in Exclude<keyof Event, Stamp>]-?: Partial<Pick<Event, Field>> extends Pick<Event, Field>
    ? 'sometimes'
    : 'always';
};

/** An entry for every event of a union: the compiler refuses a table that lacks one. */
export type Lines<Event extends { readonly type: string }> = {
  readonly [Type in Event['type']]: LineEntry<FieldsOf<Member<Event, Type>>>;
};
